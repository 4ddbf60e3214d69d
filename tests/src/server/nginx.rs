//! A real web server.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{Host, Process, tools, wait};

const BIG: usize = 10_000_000;

/// nginx on a host, on one port of all its addresses, IPv4 and IPv6.
///
/// `/` answers with the server's name, `/big` with [`big_file`]; every answer has the headers `X-Server` (its name)
/// and `X-Client` (the address it sees the client at).
#[derive(Debug)]
pub struct Nginx {
    host: Host,
    name: String,
    port: u16,
    configuration: PathBuf,
    process: Process,
}

impl Nginx {
    /// Starts a server and returns when it accepts connections.
    pub fn start(host: &Host, name: &str, port: u16) -> Result<Self> {
        let directory = host.directory().join(format!("nginx-{}-{name}", host.name()));
        fs::create_dir(&directory).with_context(|| format!("a second nginx {name} on {}", host.name()))?;
        let big = host.directory().join("big");
        if !big.exists() {
            fs::write(&big, big_file())?;
        }
        let configuration = directory.join("nginx.conf");
        fs::write(&configuration, configure(name, port, &directory, host.directory()))?;
        let process = launch(host, name, port, &configuration)?;
        Ok(Self { host: host.clone(), name: name.to_owned(), port, configuration, process })
    }

    /// Kills the server as a crash would: its connections are reset, new ones refused.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill().map(drop)
    }

    /// Starts it again after [`Nginx::kill`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = launch(&self.host, &self.name, self.port, &self.configuration)?;
        Ok(())
    }

    /// What it calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What every server answers on `/big`: ten million bytes, of which no two thousand-byte blocks are the same.
#[must_use]
pub fn big_file() -> Vec<u8> {
    (0..BIG / 10).flat_map(|line| format!("{line:09}\n").into_bytes()).collect()
}

fn launch(host: &Host, name: &str, port: u16, configuration: &Path) -> Result<Process> {
    let mut command = Command::new(tools::nginx()?);
    command.args(["-e", "stderr", "-c"]).arg(configuration);
    if let Some(directory) = configuration.parent() {
        command.arg("-p").arg(directory);
    }
    let mut process = host.spawn(name, &mut command)?;
    wait::until(&format!("{name} to listen on port {port}"), Duration::from_secs(10), || {
        if let Some(status) = process.ended()? {
            bail!("{name} has ended: {status}\n{}", process.log());
        }
        host.enter(|| Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()))
    })?;
    Ok(process)
}

fn configure(name: &str, port: u16, directory: &Path, root: &Path) -> String {
    let directory = directory.display();
    let root = root.display();
    format!(
        "daemon off;
user root;
worker_processes 1;
pid {directory}/pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    default_type text/plain;
    sendfile on;
    server {{
        listen 0.0.0.0:{port};
        listen [::]:{port} ipv6only=on;
        add_header X-Server {name} always;
        add_header X-Client $remote_addr always;
        location = / {{ return 200 \"{name}\\n\"; }}
        location = /big {{ root {root}; }}
        location / {{ return 404 \"{name}\\n\"; }}
    }}
}}
"
    )
}
