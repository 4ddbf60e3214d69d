//! Every key there is: the one list that messages about keys are made from.

/// A table of the configuration.
#[derive(Debug)]
pub(super) struct Section {
    /// As it is written in a file; empty for the top.
    pub(super) header: &'static str,
    /// What it may hold.
    pub(super) keys: &'static [Key],
}

/// A key of a [`Section`].
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// A value, as it would be written.
    pub(super) example: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Integer,
    /// A hash seed: hexadecimal text, or an integer.
    Seed,
    Texts,
    Boolean,
    Table(&'static Section),
    Tables(&'static Section),
}

impl Section {
    /// The key called `name`.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// How messages refer to it.
    pub(super) fn place(&self) -> &'static str {
        if self.header.is_empty() { "the top level" } else { self.header }
    }
}

const fn key(name: &'static str, kind: Kind, example: &'static str) -> Key {
    Key { name, kind, example }
}

/// The top of a file.
pub(super) static ROOT: Section = Section {
    header: "",
    keys: &[
        key("datapath", Kind::Table(&DATAPATH), ""),
        key("api", Kind::Table(&API), ""),
        key("metrics", Kind::Table(&METRICS), ""),
        key("service", Kind::Tables(&SERVICE), ""),
    ],
};

static DATAPATH: Section = Section {
    header: "[datapath]",
    keys: &[
        key("interfaces", Kind::Texts, r#"["eth0"]"#),
        key("attach", Kind::Text, r#""auto""#),
        key("pin", Kind::Text, r#""/sys/fs/bpf/xdp-lb""#),
        key("hash_seed", Kind::Seed, r#""0x5eed5eed5eed5eed""#),
        key("capacity", Kind::Table(&CAPACITY), ""),
    ],
};

static CAPACITY: Section = Section {
    header: "[datapath.capacity]",
    keys: &[
        key("services", Kind::Integer, "4096"),
        key("backends", Kind::Integer, "65536"),
        key("slots", Kind::Integer, "4194304"),
        key("flows", Kind::Integer, "131072"),
        key("embryos", Kind::Integer, "65536"),
        key("clients", Kind::Integer, "65536"),
    ],
};

static API: Section =
    Section { header: "[api]", keys: &[key("socket", Kind::Text, r#""/run/xdp-lb/api.sock""#)] };

static METRICS: Section =
    Section { header: "[metrics]", keys: &[key("listen", Kind::Text, r#""127.0.0.1:9464""#)] };

static SERVICE: Section = Section {
    header: "[[service]]",
    keys: &[
        key("name", Kind::Text, r#""web""#),
        key("vip", Kind::Text, r#""192.0.2.10:443""#),
        key("protocol", Kind::Text, r#""tcp""#),
        key("forwarding", Kind::Text, r#""nat""#),
        key("algorithm", Kind::Text, r#""maglev""#),
        key("affinity", Kind::Text, r#""client-ip""#),
        key("affinity_timeout", Kind::Text, r#""10m""#),
        key("track", Kind::Text, r#""auto""#),
        key("idle_timeout", Kind::Text, r#""15m""#),
        key("drain_timeout", Kind::Text, r#""60s""#),
        key("slow_start", Kind::Text, r#""30s""#),
        key("panic_threshold", Kind::Integer, "50"),
        key("no_backend", Kind::Text, r#""drop""#),
        key("slots", Kind::Integer, "65537"),
        key("health", Kind::Table(&HEALTH), ""),
        key("backend", Kind::Tables(&BACKEND), ""),
    ],
};

static HEALTH: Section = Section {
    header: "[service.health]",
    keys: &[
        key("type", Kind::Text, r#""tcp""#),
        key("port", Kind::Integer, "8443"),
        key("interval", Kind::Text, r#""2s""#),
        key("timeout", Kind::Text, r#""1s""#),
        key("rise", Kind::Integer, "2"),
        key("fall", Kind::Integer, "3"),
    ],
};

static BACKEND: Section = Section {
    header: "[[service.backend]]",
    keys: &[
        key("name", Kind::Text, r#""web-1""#),
        key("address", Kind::Text, r#""10.0.1.11:8443""#),
        key("weight", Kind::Integer, "10"),
        key("backup", Kind::Boolean, "true"),
        key("max_connections", Kind::Integer, "1000"),
    ],
};

/// Every section, in the order of a file.
pub(super) static ALL: [&Section; 8] =
    [&ROOT, &DATAPATH, &CAPACITY, &API, &METRICS, &SERVICE, &HEALTH, &BACKEND];
