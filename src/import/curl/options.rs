//! Options of curl: which take a value, and which affect the request.

/// Properties of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its long name.
    pub name: &'static str,
    /// True if the next word, or the rest of this one, is its value.
    pub takes_value: bool,
    /// How it is handled.
    pub part: Part,
}

/// How an option is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Converted.
    Taken,
    /// Ignored: it does not affect the request (output, retries, other protocols).
    Quiet,
    /// Reported: it affects the request, and has no equivalent in a step.
    LeftOut,
}

const TAKEN_VALUES: &str = "cacert cert continue-at cookie data data-ascii data-binary data-raw data-urlencode form \
    form-string header json key max-time oauth2-bearer proto-default proxy range referer request upload-file url \
    url-query user user-agent";
const TAKEN_FLAGS: &str = "basic compressed follow get globoff head http1.0 http1.1 http2 http2-prior-knowledge \
    insecure location location-trusted next";
const QUIET_VALUES: &str = "connect-timeout cookie-jar create-file-mode delegation dump-header egd-file engine \
    etag-save expect100-timeout ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode \
    happy-eyeballs-timeout-ms hostpubmd5 hostpubsha256 keepalive-cnt keepalive-time knownhosts krb libcurl \
    login-options mail-auth mail-from mail-rcpt max-filesize max-redirs output output-dir parallel-max \
    parallel-max-host proto proto-redir pubkey quote random-file retry retry-delay retry-max-time sasl-authzid \
    service-name speed-limit speed-time stderr telnet-option tftp-blksize trace trace-ascii trace-config \
    upload-flags write-out";
const QUIET_FLAGS: &str = "append buffer cert-status clobber compressed-ssh create-dirs disable disable-eprt \
    disable-epsv disallow-username-in-url doh-cert-status doh-insecure dump-ca-embed eprt epsv fail fail-early \
    fail-with-body false-start ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl ftp-ssl-ccc \
    ftp-ssl-control ftp-ssl-reqd help http0.9 ignore-content-length include ipv4 ipv6 junk-session-cookies \
    keepalive list-only mail-rcpt-allowfails manual metalink mptcp npn out-null parallel parallel-immediate \
    progress-bar progress-meter raw remote-header-name remote-name remote-name-all remote-time remove-on-error \
    retry-all-errors retry-connrefused sasl-ir sessionid show-error show-headers silent skip-existing \
    ssl-auto-client-cert ssl ssl-no-revoke ssl-reqd ssl-revoke-best-effort styled-output suppress-connect-headers \
    tcp-fastopen tcp-nodelay tftp-no-options tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 trace-ids trace-time use-ascii \
    verbose version xattr";
const LEFT_OUT_VALUES: &str = "abstract-unix-socket alt-svc aws-sigv4 capath cert-type ciphers config connect-to \
    crlfile curves dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url ech etag-compare haproxy-clientip \
    hsts interface ip-tos ipfs-gateway key-type limit-rate local-port netrc-file noproxy pass pinnedpubkey preproxy \
    proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key \
    proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype \
    proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 rate request-target resolve sigalgs socks4 socks4a socks5 \
    socks5-gssapi-service socks5-hostname time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser \
    unix-socket variable vlan-priority";
const LEFT_OUT_FLAGS: &str = "alpn anyauth ca-native crlf digest form-escape haproxy-protocol http3 http3-only \
    negotiate netrc netrc-optional ntlm ntlm-wb path-as-is post301 post302 post303 proxy-anyauth proxy-basic \
    proxy-ca-native proxy-digest proxy-http2 proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast \
    proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel socks5-basic socks5-gssapi socks5-gssapi-nec ssl-allow-beast \
    sslv2 sslv3 tls-earlydata tr-encoding";

/// Lists of options with their properties.
const LISTS: [(&str, bool, Part); 6] = [
    (TAKEN_VALUES, true, Part::Taken),
    (TAKEN_FLAGS, false, Part::Taken),
    (QUIET_VALUES, true, Part::Quiet),
    (QUIET_FLAGS, false, Part::Quiet),
    (LEFT_OUT_VALUES, true, Part::LeftOut),
    (LEFT_OUT_FLAGS, false, Part::LeftOut),
];

/// Short options and their long names.
const SHORT: &str = "0=http1.0 1=tlsv1 2=sslv2 3=sslv3 4=ipv4 6=ipv6 :=next #=progress-bar a=append A=user-agent \
    b=cookie B=use-ascii c=cookie-jar C=continue-at d=data D=dump-header e=referer E=cert f=fail F=form g=globoff \
    G=get h=help H=header i=include I=head j=junk-session-cookies J=remote-header-name k=insecure K=config \
    l=list-only L=location m=max-time M=manual n=netrc N=no-buffer o=output O=remote-name p=proxytunnel P=ftp-port \
    q=disable Q=quote r=range R=remote-time s=silent S=show-error t=telnet-option T=upload-file u=user U=proxy-user \
    v=verbose V=version w=write-out x=proxy X=request y=speed-time Y=speed-limit z=time-cond Z=parallel";

/// Long name of a short option.
pub fn of_short(short: char) -> Option<&'static str> {
    let mut all = SHORT.split_ascii_whitespace().filter_map(|pair| pair.split_once('='));
    all.find(|(known, _)| known.chars().eq([short])).map(|(_, name)| name)
}

/// Properties of a long option: its full name, or an unambiguous prefix.
pub fn find(name: &str) -> Option<Known> {
    let all = || {
        LISTS.iter().flat_map(|(names, takes_value, part)| {
            names.split_ascii_whitespace().map(|name| Known { name, takes_value: *takes_value, part: *part })
        })
    };
    if let Some(exact) = all().find(|known| known.name == name) {
        return Some(exact);
    }
    let mut begun = all().filter(|known| !name.is_empty() && known.name.starts_with(name));
    begun.next().filter(|_| begun.next().is_none())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn options_are_in_one_list() {
        let mut seen = BTreeSet::new();
        for name in LISTS.iter().flat_map(|(names, ..)| names.split_ascii_whitespace()) {
            assert!(seen.insert(name), "{name} is in two lists");
        }
        for (short, name) in SHORT.split_ascii_whitespace().filter_map(|pair| pair.split_once('=')) {
            assert!(find(name.strip_prefix("no-").unwrap_or(name)).is_some(), "-{short}: {name}");
        }
    }

    #[test]
    fn unambiguous_prefixes_are_accepted() {
        for (name, wanted) in [
            ("loc", None),
            ("location", Some("location")),
            ("oauth2", Some("oauth2-bearer")),
            ("inse", Some("insecure")),
            ("data", Some("data")),
            ("data-u", Some("data-urlencode")),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(find(name).map(|known| known.name), wanted, "{name}");
        }
    }
}
