//! Which proxy a run goes through: the one of `--proxy`, else the one in the environment, and for
//! which servers. As for curl, `no_proxy` counts for both.

use crate::cli::SessionArgs;
use crate::no_proxy::NoProxy;
use crate::proxy::{Proxies, Proxy};
use crate::url::Origin;

/// Where a proxy is looked for, in this order.
const NAMES: [&str; 4] = ["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"];

/// The proxy of a run to these origins. `env` gives the values of variables that are not empty.
///
/// # Errors
/// A proxy of a kind that we do not speak to, if one of the servers would be reached through it, or one that
/// cannot be used as the flags want.
pub(super) fn find(
    args: &SessionArgs,
    origins: &[&Origin],
    env: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Proxies, String> {
    let except = env("no_proxy").or_else(|| env("NO_PROXY")).unwrap_or_default();
    let except = NoProxy::parse(&except);
    if !origins.is_empty() && origins.iter().all(|origin| except.names(&origin.host, origin.port)) {
        return Ok(Proxies::default());
    }
    let Some(given) = &args.proxy else {
        let found = NAMES.iter().find_map(|name| Some((name, env(name)?)));
        let Some((name, url)) = found else { return Ok(Proxies::default()) };
        let proxy = Proxy::parse(&url).map_err(|why| format!("{name}: {why}"))?;
        if args.active.is_some() && proxy.is_some() {
            let why = "servers connect to no proxy, so not with --active; --proxy=direct uses none";
            return Err(format!("{name}: {why}"));
        }
        return Ok(Proxies::new(proxy, except));
    };
    Ok(Proxies::new(given.clone(), except))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::url::Address;

    fn with(args: &SessionArgs, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let env = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_bytes().to_vec())
        };
        let origin = Address::parse(b"ftp://h/", Charset::Bytes, true).unwrap().origin;
        let found = find(args, &[&origin], env)?;
        Ok(found.to("h", 21).map(|proxy| proxy.shown()))
    }

    fn env(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        with(&SessionArgs::default(), variables)
    }

    fn shown(name: &str) -> Result<Option<String>, String> {
        Ok(Some(format!("http://{name}:1080")))
    }

    #[test]
    fn the_environment_is_asked_in_order() {
        assert_eq!(env(&[]), Ok(None));
        assert_eq!(env(&[("ALL_PROXY", "d"), ("all_proxy", "c")]), shown("c"));
        assert_eq!(env(&[("all_proxy", "c"), ("FTP_PROXY", "b")]), shown("b"));
        assert_eq!(env(&[("FTP_PROXY", "b"), ("ftp_proxy", "a")]), shown("a"));
        assert_eq!(env(&[("http_proxy", "x")]), Ok(None));
        assert_eq!(env(&[("ftp_proxy", "direct"), ("all_proxy", "c")]), Ok(None));
    }

    #[test]
    fn the_flag_wins_and_no_proxy_counts_for_both() {
        let flag = |typed: &[u8]| SessionArgs {
            proxy: Some(Proxy::parse(typed).unwrap()),
            ..SessionArgs::default()
        };
        assert_eq!(with(&flag(b"f"), &[("ftp_proxy", "a")]), shown("f"));
        assert_eq!(with(&flag(b""), &[("ftp_proxy", "a")]), Ok(None));
        assert_eq!(with(&flag(b"f"), &[("ftp_proxy", "ftp://x")]), shown("f"));
        for name in ["no_proxy", "NO_PROXY"] {
            assert_eq!(with(&flag(b"f"), &[(name, "h")]), Ok(None));
            assert_eq!(env(&[("ftp_proxy", "a"), (name, "h")]), Ok(None));
            assert_eq!(env(&[("ftp_proxy", "a"), (name, "g")]), shown("a"));
        }
    }

    #[test]
    fn what_cannot_be_used_names_its_variable() {
        let error = env(&[("all_proxy", "ftp://u:s3cret@h")]).unwrap_err();
        assert!(
            error.starts_with("all_proxy: FTP proxies") && !error.contains("s3cret"),
            "{error}"
        );
        assert_eq!(env(&[("all_proxy", "ftp://h"), ("no_proxy", "h")]), Ok(None));
        let active = SessionArgs { active: Some(<_>::default()), ..SessionArgs::default() };
        let error = with(&active, &[("ftp_proxy", "a")]).unwrap_err();
        assert!(error.starts_with("ftp_proxy: ") && error.contains("--active"), "{error}");
        assert_eq!(with(&active, &[("ftp_proxy", "a"), ("no_proxy", "*")]), Ok(None));
    }
}
