use super::*;

const OS_RELEASE: &str = "ID=debian\nVERSION_CODENAME=bookworm\n";

fn check(lists: &[&str], deb822: &[&str]) -> Security {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    security(&owned(lists), &owned(deb822), OS_RELEASE)
}

fn derived(security: Security) -> (String, String) {
    let Security::Derived { uri, text } = security else { panic!("{security:?}") };
    (uri, text)
}

#[test]
fn the_suite_is_recognised_in_both_formats() {
    let list = "deb http://mirror.test/debian-security bookworm-security main contrib\n";
    assert_eq!(check(&[list], &[]), Security::Named);
    let stanza = "# a comment\nTypes: deb deb-src\nURIs: http://mirror.test/debian-security\n\
                  Suites: bookworm-security\nComponents: main\n";
    assert_eq!(check(&[], &[stanza]), Security::Named);
}

#[test]
fn a_release_may_go_by_its_rank() {
    let (_, text) = derived(check(&["deb http://mirror.test/debian stable main\n"], &[]));
    assert!(text.contains("\nSuites: bookworm-security\n"), "{text}");
    assert_eq!(check(&["deb http://mirror.test/security stable-security main\n"], &[]), Security::Named);
}

#[test]
fn a_bare_root_names_its_mirror_alone() {
    let (uri, text) = derived(check(&["deb http://mirror.test/debian bookworm main\n"], &[]));
    assert_eq!(uri, "http://mirror.test/debian-security");
    assert!(text.ends_with(
        "Types: deb\nURIs: http://mirror.test/debian-security\nSuites: bookworm-security\nComponents: main\n"
    ));
}

#[test]
fn keys_and_trust_are_those_of_the_entry_in_use() {
    let list = "deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.test/pub/debian/ bookworm main\n";
    let (uri, text) = derived(check(&[list], &[]));
    assert_eq!(uri, "http://mirror.test/pub/debian-security");
    assert!(text.contains("Signed-By: /keys/debian.gpg\n") && !text.contains("Trusted"), "{text}");

    let stanza = "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nTrusted: yes\n\
                  Signed-By:\n -----BEGIN\n .\n -----END\n\n";
    let (_, text) = derived(check(&[], &[stanza]));
    assert!(text.ends_with("Signed-By: \n -----BEGIN\n .\n -----END\nTrusted: yes\n"), "{text}");
}

#[test]
fn what_is_disabled_foreign_or_source_only_tells_nothing() {
    let unknown = Security::Unknown { suite: "bookworm-security".to_owned() };
    assert_eq!(check(&["# deb http://mirror.test/debian bookworm main\n"], &[]), unknown);
    assert_eq!(check(&["deb-src http://mirror.test/debian bookworm main\n"], &[]), unknown);
    assert_eq!(check(&["deb http://mirror.test/debian trixie main\n"], &[]), unknown);
    assert_eq!(check(&["deb http://packages.test/tool bookworm main\n"], &[]), unknown);
    let disabled = "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nEnabled: no\n";
    assert_eq!(check(&[], &[disabled]), unknown);
}

#[test]
fn an_old_compiler_is_no_offer() {
    let old = "rustc-web | 1.85.0+dfsg3-1 | http://mirror.test/debian bookworm/main amd64 Packages\n";
    let new = "rustc-web | 1.96.0+dfsg1-1 | http://mirror.test/debian-security bookworm-security/main amd64 Packages\n";
    assert!(!offers("rustc-web", old));
    assert!(offers("rustc-web", &format!("{new}{old}")));
    assert!(offers(
        "ethtool",
        "ethtool | 1:6.1-1 | http://mirror.test/debian bookworm/main amd64 Packages\n"
    ));
    assert!(!offers("llvm-22-dev", ""));
}
