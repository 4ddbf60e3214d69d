//! The demonstration as a shell script, for those who want to do it themselves.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use xdp_lb_lab::tools;

const SCRIPT: &str = include_str!("by_hand.sh");

/// Writes the script and returns what to say about it.
pub(super) fn write(binary: &Path) -> Result<String> {
    let path = tools::target_directory()?.join("demo/by-hand.sh");
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let script = SCRIPT
        .replace("@XDP_LB@", &binary.display().to_string())
        .replace("@NGINX@", &tools::nginx()?.display().to_string());
    fs::write(&path, script).with_context(|| format!("cannot write {}", path.display()))?;
    let path = path.display();
    Ok(format!(
        "bash {path} up      makes the network; starts nginx and xdp-lb\n\
         bash {path} status  asks the daemon\n\
         bash {path} get     one request from the client over each family\n\
         bash {path} down    ends it all\n\
         The script is short; what it types is what there is to type."
    ))
}
