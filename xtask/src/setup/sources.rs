//! apt's sources: does the machine name the security suite, and where would it be? Nothing here touches the machine.

/// Minor version of the oldest compiler that will do.
const OLDEST_RUST: u32 = 95;

/// What the sources say of the suite that has the new compilers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// It is among them.
    Named,
    /// It is not; this is where its mirror should be, beside the one in use.
    Derived {
        /// The mirror's address.
        uri: String,
        /// A sources file that names it.
        text: String,
    },
    /// It is not, and no entry in use tells.
    Unknown {
        /// Its name.
        suite: String,
    },
}

/// One enabled entry of binary packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    uris: Vec<String>,
    suites: Vec<String>,
    /// Value of `Signed-By`, continuation lines and all.
    signed_by: Option<String>,
    trusted: bool,
}

/// Looks through the contents of `*.list` and `*.sources` files and of /etc/os-release.
pub(super) fn security(lists: &[String], deb822: &[String], os_release: &str) -> Security {
    let codename = os_release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map_or("stable", |name| name.trim_matches('"'));
    let suite = format!("{codename}-security");
    // A release is also called by its rank.
    let names = [codename, "stable", "oldstable"];
    let entries: Vec<_> = lists
        .iter()
        .flat_map(|text| one_line(text))
        .chain(deb822.iter().flat_map(|text| stanzas(text)))
        .collect();
    let secures = |suite: &str| suite.strip_suffix("-security").is_some_and(|name| names.contains(&name));
    if entries.iter().flat_map(|entry| &entry.suites).any(|suite| secures(suite)) {
        return Security::Named;
    }
    let main = |entry: &&Entry| entry.suites.iter().any(|suite| names.contains(&suite.as_str()));
    let derived = entries.iter().filter(main).find_map(|entry| {
        let uri = entry.uris.iter().find_map(|uri| beside(uri))?;
        Some((entry, uri))
    });
    match derived {
        Some((entry, uri)) => Security::Derived { text: file(entry, &uri, &suite), uri },
        None => Security::Unknown { suite },
    }
}

/// Mirrors keep the security suites in a folder beside the main one.
fn beside(uri: &str) -> Option<String> {
    let uri = uri.trim_end_matches('/');
    uri.ends_with("/debian").then(|| format!("{uri}-security"))
}

fn file(entry: &Entry, uri: &str, suite: &str) -> String {
    let keys = entry.signed_by.as_ref().map(|keys| format!("Signed-By: {keys}\n")).unwrap_or_default();
    let trusted = if entry.trusted { "Trusted: yes\n" } else { "" };
    format!(
        "# Written by `cargo xtask setup` of xdp-lb: the Rust compiler and the LLVM that compile its XDP programs come\n\
         # from this suite. Delete the file to undo that.\n\
         Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\n\
         {keys}{trusted}"
    )
}

/// Entries of a `*.list` file: `deb [option=value ...] uri suite component ...`
fn one_line(text: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let rest = line.trim().strip_prefix("deb")?.strip_prefix(char::is_whitespace)?.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let option = |name| options.split_whitespace().find_map(|word: &str| word.strip_prefix(name));
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Entry {
            uris: vec![words.next()?],
            suites: vec![words.next()?],
            signed_by: option("signed-by=").map(str::to_owned),
            trusted: option("trusted=") == Some("yes"),
        })
    };
    text.lines().filter_map(entry).collect()
}

/// Entries of a `*.sources` file: stanzas of `Field: value`, continued by lines that begin with a space.
fn stanzas(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            entries.extend(stanza(&fields));
            fields.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':')
            && !line.starts_with('#')
        {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    entries
}

fn stanza(fields: &[(String, String)]) -> Option<Entry> {
    let field = |name| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let words =
        |name| field(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let binary = words("types").iter().any(|kind| kind == "deb");
    let enabled = field("enabled") != Some("no");
    (binary && enabled).then(|| Entry {
        uris: words("uris"),
        suites: words("suites"),
        signed_by: field("signed-by").map(str::to_owned),
        trusted: field("trusted") == Some("yes"),
    })
}

/// Whether the output of `apt-cache madison` has a version that will do: any, but of the compiler a recent one.
pub(super) fn offers(package: &str, madison: &str) -> bool {
    madison.lines().filter_map(|line| line.split('|').nth(1)).any(|version| {
        let minor = || version.trim().strip_prefix("1.")?.split('.').next()?.parse::<u32>().ok();
        !package.starts_with("rust") || minor().is_some_and(|minor| minor >= OLDEST_RUST)
    })
}

#[cfg(test)]
mod tests;
