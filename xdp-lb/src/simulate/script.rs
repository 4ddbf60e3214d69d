//! Events from a file: one on each line, as an operator would type them.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use super::world::{Event, Verb, World};

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ScriptError {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

const FORM: &str = "a line is TIME VERB SERVICE BACKEND, for example `1m30s drain web web-1`";
const VERBS: &str = "drain, ready, weight, add, remove, down, up";

/// Reads events, in the order of their times; backends that they add become known to the world.
///
/// Empty lines and what follows a `#` mean nothing.
pub(super) fn parse(file: &str, text: &str, world: &mut World) -> Result<Vec<Event>, ScriptError> {
    let mut events = Vec::new();
    let mut added = HashSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let event = event(&words, world, &mut added);
        events.push(event.map_err(|message| ScriptError { file: file.to_owned(), line: number, message })?);
    }
    events.sort_by_key(|event| event.at);
    Ok(events)
}

fn event(words: &[&str], world: &mut World, added: &mut HashSet<(usize, usize)>) -> Result<Event, String> {
    let [time, verb, service, backend, rest @ ..] = words else { return Err(FORM.to_owned()) };
    let at = humantime::parse_duration(time).map_err(|error| format!("`{time}` is not a time: {error}"))?;
    let at = milliseconds(at).ok_or_else(|| format!("`{time}` is too late: 49 days at most"))?;
    let names: Vec<_> = world.services.iter().map(|service| service.name.clone()).collect();
    let service = names
        .iter()
        .position(|name| name == service)
        .ok_or_else(|| format!("there is no service `{service}`; there are: {}", names.join(", ")))?;
    let weight = match rest {
        [] => None,
        [weight] if matches!(*verb, "weight" | "add") => {
            Some(weight.parse::<u16>().map_err(|_error| format!("`{weight}` is not a weight: 0 to 65535"))?)
        }
        [surplus, ..] => return Err(format!("`{surplus}` is one word too many; {FORM}")),
    };
    if *verb == "add" {
        let position = add(world, service, backend, weight.unwrap_or(1))?;
        added.insert((service, position));
        return Ok(Event { at, service, backend: position, verb: Verb::Add });
    }
    let backends = &world.services[service].backends;
    let position = backends.iter().position(|known| known.name == *backend).ok_or_else(|| {
        format!("service {} has no backend `{backend}` by then", world.services[service].name)
    })?;
    let verb = match (*verb, weight) {
        ("drain", _) => Verb::Drain,
        ("ready", _) => Verb::Ready,
        ("weight", Some(weight)) => Verb::Weight(weight),
        ("weight", None) => return Err("the new weight is missing: 0 to 65535".to_owned()),
        ("remove", _) => Verb::Remove,
        ("down", _) => Verb::Down,
        ("up", _) => Verb::Up,
        (other, _) => return Err(format!("`{other}` is not a verb; there are: {VERBS}")),
    };
    Ok(Event { at, service, backend: position, verb })
}

/// The position of a backend that is to be added: a new one, or one that was there before.
fn add(world: &mut World, service: usize, address: &str, weight: u16) -> Result<usize, String> {
    let address: SocketAddr = address
        .parse()
        .map_err(|_error| format!("`{address}` is not an address and port, such as 10.0.1.11:8443"))?;
    let backends = &world.services[service].backends;
    let known = backends.iter().position(|backend| backend.address == address);
    Ok(known.unwrap_or_else(|| world.know(service, address.to_string(), address, weight)))
}

pub(super) fn milliseconds(duration: Duration) -> Option<u32> {
    u32::try_from(duration.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::{super::world::example, *};

    #[test]
    fn lines_become_events_in_the_order_of_time() {
        let text = "\
# a comment

2m drain web b1      # of an evening
30s add web 10.0.1.9:80 5
90s weight web 10.0.1.9:80 7
";
        let mut world = example(2);
        let events = parse("events", text, &mut world).unwrap();
        let expected = [
            Event { at: 30_000, service: 0, backend: 2, verb: Verb::Add },
            Event { at: 90_000, service: 0, backend: 2, verb: Verb::Weight(7) },
            Event { at: 120_000, service: 0, backend: 0, verb: Verb::Drain },
        ];
        assert_eq!(events, expected);
        assert_eq!((world.services[0].backends[2].weight, world.services[0].backends[2].present), (5, false));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (line, message) in [
            ("1s drain web", FORM),
            ("soon drain web b1", "`soon` is not a time: expected number at 0"),
            ("99999999s drain web b1", "`99999999s` is too late: 49 days at most"),
            ("1s drain dns b1", "there is no service `dns`; there are: web"),
            ("1s drain web b7", "service web has no backend `b7` by then"),
            (
                "1s drian web b1",
                "`drian` is not a verb; there are: drain, ready, weight, add, remove, down, up",
            ),
            ("1s weight web b1", "the new weight is missing: 0 to 65535"),
            ("1s weight web b1 heavy", "`heavy` is not a weight: 0 to 65535"),
            ("1s add web b7", "`b7` is not an address and port, such as 10.0.1.11:8443"),
        ] {
            let error = parse("events", &format!("1s up web b1\n{line}\n"), &mut example(2)).unwrap_err();
            assert_eq!(error.to_string(), format!("events:2: {message}"));
        }
        let error = parse("events", "1s drain web b1 b2", &mut example(2)).unwrap_err().to_string();
        assert_eq!(error, format!("events:1: `b2` is one word too many; {FORM}"));
    }
}
