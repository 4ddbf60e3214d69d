//! Running other programs: with their output passed through, or with progress, a time limit and the tail of the output.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::say::Progress;

/// Lines of output shown when a command fails.
const TAIL: usize = 20;

/// How often progress is redrawn and the time limit looked at.
const TICK: Duration = Duration::from_millis(200);

/// Runs a command whose output the user follows.
pub(crate) fn pass_through(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status}); its output is above", shown(command));
    }
    Ok(())
}

/// Runs a short command and returns what it prints.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, messages.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a long command, and ends it when it takes longer than `limit`.
pub(crate) fn step(title: &str, limit: Duration, command: &mut Command) -> anyhow::Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{title}: cannot start `{}`", shown(command)))?;
    let mut progress = Progress::start(title);
    let (status, tail) = follow(&mut child, limit, &mut progress)
        .with_context(|| format!("{title}: lost sight of `{}`", shown(command)))?;
    let why = match status {
        Some(status) if status.success() => {
            progress.done();
            return Ok(());
        }
        Some(status) => format!("failed ({status})"),
        None => format!("did not end within {} s and was stopped", limit.as_secs()),
    };
    progress.clear();
    let tail: Vec<_> = tail.iter().map(|line| format!("\n    {line}")).collect();
    bail!("{title}: `{}` {why}; the end of its output:{}", shown(command), tail.concat())
}

/// Reads the output to its end; `None`: the time was up.
fn follow(
    child: &mut Child,
    limit: Duration,
    progress: &mut Progress,
) -> anyhow::Result<(Option<ExitStatus>, VecDeque<String>)> {
    let (lines, output) = channel();
    if let Some(stdout) = child.stdout.take() {
        read(stdout, lines.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        read(stderr, lines);
    }
    let mut tail = VecDeque::with_capacity(TAIL);
    loop {
        match output.recv_timeout(TICK) {
            Ok(line) => {
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {
                // A child of the child may keep the pipe open: what counts is the child itself.
                if let Some(status) = child.try_wait()? {
                    return Ok((Some(status), tail));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok((Some(child.wait()?), tail)),
        }
        if progress.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok((None, tail));
        }
        progress.tick(tail.back().map_or("", String::as_str));
    }
}

fn read(output: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        // The receiver is gone when the command was given up; then nobody wants the rest.
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
}

/// The command as a shell would take it.
fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> anyhow::Result<()> {
        step("trying", limit, Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn a_failure_shows_the_command_and_the_end_of_its_output() {
        let message = shell("seq 1 50; exit 3", Duration::from_secs(10)).unwrap_err().to_string();
        assert!(message.contains("`sh -c seq 1 50; exit 3` failed (exit status: 3)"), "{message}");
        assert!(message.ends_with("\n    49\n    50") && !message.contains("\n    30\n"), "{message}");
    }

    #[test]
    fn what_hangs_is_stopped() {
        let message = shell("exec sleep 60", Duration::from_millis(300)).unwrap_err().to_string();
        assert!(message.contains("did not end within"), "{message}");
    }

    #[test]
    fn a_lingering_grandchild_does_not_hold_a_step_up() {
        assert!(shell("sleep 5 & exit 0", Duration::from_secs(4)).is_ok());
    }
}
