//! Who serves, in words; how shares grow, as numbers.

use proptest::prelude::*;
use xdp_lb_common::slot::Slot;

use super::*;
use crate::control::example;

const SLOW: Duration = Duration::from_secs(100);

/// A service of `backends` in words.
fn service(threshold: u8, backends: &str) -> Service {
    let mut service = example::service(backends.split(' ').map(example::backend).collect());
    service.config.panic_threshold = threshold;
    service
}

/// `backends` in words; `serve`: an `x` for each that gets new connections.
#[track_caller]
fn check(threshold: u8, backends: &str, stage: Stage, serve: &str) {
    let service = service(threshold, backends);
    let shares = Shares::of(&service, Instant::now());
    let got: String = shares.parts.iter().map(|part| if part.share > 0 { 'x' } else { '.' }).collect();
    assert_eq!((shares.stage, got.as_str()), (stage, serve), "{threshold} %, {backends}");
}

#[test]
fn those_that_are_ready_and_healthy_serve() {
    check(0, "up new down lost drain maint gone zero", Stage::Primaries, "xx......");
    check(0, "down lost drain", Stage::Primaries, "...");
}

#[test]
fn backups_serve_while_no_other_can() {
    check(0, "up up+", Stage::Primaries, "x.");
    check(0, "down lost drain maint gone zero up+ up+ down+ drain+", Stage::Backups, "......xx..");
    check(0, "down up down+", Stage::Primaries, ".x.");
    check(0, "down down+", Stage::Primaries, "..");
    // Nobody but backups.
    check(0, "up+ down+", Stage::Backups, "x.");
}

#[test]
fn in_panic_health_is_ignored() {
    check(50, "up up down down", Stage::Primaries, "xx..");
    check(51, "up up down down", Stage::Panic, "xxxx");
    check(50, "up down down new", Stage::Primaries, "x..x");
    check(50, "up down down lost", Stage::Primaries, "x...");
    check(1, "down down", Stage::Panic, "xx");
    // The way to a backend is no matter of its checks.
    check(50, "down down lost", Stage::Panic, "xx.");
    check(30, "down down lost", Stage::Primaries, "...");
    check(100, "up down", Stage::Panic, "xx");
    check(100, "up up", Stage::Primaries, "xx");
    // Whoever is not to take connections does not count.
    check(50, "up down drain maint gone zero", Stage::Primaries, "x.....");
    check(60, "up down drain maint gone zero", Stage::Panic, "xx....");
    check(100, "drain", Stage::Primaries, ".");
}

#[test]
fn backups_that_can_serve_come_before_panic() {
    check(50, "down down up+", Stage::Backups, "..x");
    check(50, "down down down+", Stage::Panic, "xx.");
    // While one other is healthy, backups do not serve.
    check(50, "up down down up+", Stage::Panic, "xxx.");
    // They do not count either.
    check(50, "up up+ down+ down+", Stage::Primaries, "x...");
}

#[test]
fn connections_stay_in_panic() {
    for (word, stage, lives) in [
        ("up", Stage::Primaries, true),
        ("down", Stage::Primaries, false),
        ("down", Stage::Backups, false),
        ("down", Stage::Panic, true),
        ("gone", Stage::Panic, true),
        ("maint", Stage::Panic, false),
        ("lost", Stage::Panic, false),
    ] {
        assert_eq!(example::backend(word).lives(stage), lives, "{word} {stage:?}");
    }
}

/// A service at work whose time passes.
struct Course {
    service: Service,
    now: Instant,
}

impl Course {
    fn new(threshold: u8, backends: &str) -> Self {
        let mut service = service(threshold, backends);
        for backend in &mut service.backends {
            backend.part = Part::default();
        }
        service.table.clear();
        let mut course = Self { service, now: Instant::now() };
        course.pass(0);
        course.service.table.push(Slot::default());
        course
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        Shares::of(&self.service, self.now).put_in_force(&mut self.service);
        assert!(Shares::of(&self.service, self.now).are_in_force(&self.service), "there is no more to do");
    }

    fn set(&mut self, at: usize, word: &str) {
        let part = self.service.backends[at].part;
        self.service.backends[at] = Backend { part, ..example::backend(word) };
    }

    /// Passes `seconds` and compares the shares, in percent of a full one of weight 1.
    #[track_caller]
    fn check(&mut self, seconds: u64, percent: &[u32]) {
        self.pass(seconds);
        let shares: Vec<_> =
            self.service.backends.iter().map(|backend| (backend.part.share * 100).div_ceil(UNIT)).collect();
        assert_eq!(shares, percent);
    }
}

#[test]
fn who_comes_back_starts_slowly() {
    let mut course = Course::new(0, "up up");
    course.check(0, &[100, 100]);
    for word in ["down", "maint", "drain", "lost", "zero", "gone"] {
        course.set(1, word);
        course.check(10, &[100, 0]);
        course.set(1, "up");
        course.check(0, &[100, 2]);
        course.check(1, &[100, 2]);
        course.check(9, &[100, 10]);
        course.check(40, &[100, 50]);
        course.check(49, &[100, 98]);
        course.check(1, &[100, 100]);
        assert_eq!(course.service.backends[1].part.ramp, None);
    }
}

#[test]
fn who_is_added_starts_slowly_and_goes_on_after_a_reload() {
    let mut course = Course::new(0, "up");
    course.service.backends.push(Backend { part: Part::default(), ..example::backend("new") });
    course.check(0, &[100, 2]);
    course.check(50, &[100, 50]);
    // Its first check changes nothing.
    course.set(1, "up");
    course.check(10, &[100, 60]);
    // Another weight neither: it is the full share that is another.
    course.service.backends[1].config.weight = 3;
    course.check(0, &[100, 180]);
    course.service.config.slow_start = Some(2 * SLOW);
    course.check(0, &[100, 90]);
    course.service.config.slow_start = None;
    course.check(0, &[100, 300]);
    course.service.config.slow_start = Some(SLOW);
    course.check(0, &[100, 300]);
}

#[test]
fn a_start_is_not_slow() {
    let mut course = Course::new(0, "new new down");
    course.check(0, &[100, 100, 0]);
    course.set(0, "up");
    course.check(1, &[100, 100, 0]);
}

#[test]
fn who_is_alone_has_everything() {
    let mut course = Course::new(0, "up up");
    course.set(0, "down");
    course.set(1, "down");
    course.check(0, &[0, 0]);
    course.set(0, "up");
    course.check(0, &[100, 0]);
    // The other is only that much behind.
    course.check(20, &[100, 0]);
    course.set(1, "up");
    course.check(0, &[100, 10]);
    course.check(20, &[100, 50]);
    course.check(60, &[100, 80]);
    course.check(20, &[100, 100]);
}

#[test]
fn panic_and_backups_are_not_slow() {
    let mut course = Course::new(60, "up up up+");
    course.set(0, "down");
    course.check(1, &[100, 100, 0]);
    assert_eq!(course.service.stage, Stage::Panic);
    course.set(0, "up");
    course.check(1, &[100, 100, 0]);
    course.set(0, "maint");
    course.set(1, "maint");
    course.check(1, &[0, 0, 100]);
    course.set(0, "up");
    course.set(1, "up");
    course.check(1, &[100, 100, 0]);
}

const WORDS: [&str; 10] = ["up", "new", "down", "lost", "drain", "maint", "gone", "zero", "up+", "down+"];

proptest! {
    /// Whatever happens, somebody serves if anybody can, shares are what the program can work with, and time brings
    /// them all to their full share.
    #[test]
    fn shares_are_always_in_order(
        threshold in 0u8..=100,
        weights in prop::collection::vec(any::<u16>(), 5),
        steps in prop::collection::vec((0usize..5, prop::sample::select(WORDS.as_slice()), 0u64..200), 1..30),
    ) {
        let mut course = Course::new(threshold, "up up down up+ down+");
        for (at, word, seconds) in steps {
            course.set(at, word);
            course.service.backends[at].config.weight = weights[at];
            course.pass(seconds);
            let service = &course.service;
            let can = |backend: &Backend| backend.is_candidate() && backend.lives(Stage::Primaries);
            let serves = |backend: &Backend| backend.part.share > 0;
            prop_assert!(service.backends.iter().any(serves) || !service.backends.iter().any(can));
            for backend in &service.backends {
                let (share, full) = (backend.part.share, full(backend.weight()));
                prop_assert!(share <= full && full < 1 << 24);
                prop_assert!(!serves(backend) || backend.is_candidate() && backend.lives(service.stage));
                prop_assert_eq!(serves(backend) && backend.config.backup, serves(backend) && service.stage == Stage::Backups);
            }
        }
        course.pass(SLOW.as_secs());
        for backend in &course.service.backends {
            prop_assert!(backend.part.share == 0 || backend.part.share == full(backend.weight()));
        }
    }
}
