//! One recipe from beginning to end: `given`, the servers, the recipe itself, `then`.

use std::path::{Path, PathBuf};

use servers::folder::Folder;

use crate::hosts::Hosts;
use crate::page::Recipe;
use crate::shell::Shell;

/// The login that every server of ours knows, where a reader has one of his own. A recipe may write another.
const NETRC: &str = "default login test password secret\n";

/// Pauses are for servers that need them; ours do not.
const SLEEP: &str = "#!/bin/sh\nexec /bin/sleep 0.05\n";

/// Runs a recipe in a new folder, and then nothing in its place in another one: what its `then` says must
/// hold after the first and not after the second, or it checks nothing.
///
/// # Errors
/// What went wrong, with all that was printed.
pub fn play(recipe: &Recipe, built: &Path) -> Result<(), String> {
    match once(recipe, &recipe.script, built)? {
        Some(why) => Err(why),
        None if once(recipe, ":", built)?.is_none() => Err("`then` holds without it".to_owned()),
        None => Ok(()),
    }
}

/// Runs `script` as the recipe; gives what `then` has to say against it.
fn once(recipe: &Recipe, script: &str, built: &Path) -> Result<Option<String>, String> {
    let folder = Folder::new("cookbook").map_err(|error| error.to_string())?;
    let shell = shell(&folder, built)?;
    let mut hosts = Hosts::start(recipe, &folder, built)?;
    folder.mkdir("tls")?;
    let mut vars = hosts.folders();
    vars.push(("tls".to_owned(), folder.at("tls")));
    shell.run("given", &hosts.mapped(&recipe.given), &vars)?;
    hosts.script(recipe)?;
    hosts.secure(recipe, &folder)?;
    for (name, text) in &recipe.files {
        folder.write(format!("here/{name}"), hosts.mapped(text))?;
    }
    shell.run("recipe", &hosts.mapped(script), &[])?;
    hosts.stop()?;
    vars.extend(["out", "err"].map(|kind| (kind.to_owned(), shell.log("recipe", kind))));
    Ok(shell.run("then", &hosts.mapped(&recipe.then), &vars).err())
}

fn shell(folder: &Folder, built: &Path) -> Result<Shell, String> {
    folder.write("here/.netrc", NETRC)?;
    folder.write("bin/sleep", SLEEP)?;
    let text = |error: std::io::Error| error.to_string();
    mode(&folder.at("here/.netrc"), 0o600).map_err(text)?;
    mode(&folder.at("bin/sleep"), 0o755).map_err(text)?;
    folder.mkdir("logs")?;
    let path: Vec<PathBuf> = vec![folder.at("bin"), built.to_owned()];
    Ok(Shell { here: folder.at("here"), path, logs: folder.at("logs") })
}

fn mode(file: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode))
}
