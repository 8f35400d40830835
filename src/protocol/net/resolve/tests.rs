//! Against a name server on loopback, over UDP.

use std::net::{IpAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hickory_resolver::Hosts;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::{Name as DnsName, RData, Record, RecordType};

use super::*;

/// Queries received, for A and AAAA records.
type Count = Arc<AtomicU32>;

/// A name server: `two.test.` has an address of each kind, `short.test.` has a TTL of 0, `under_score.lan.` and
/// `host.lan.` are in the search domain, `broken.test.` fails, `silent.test.` gets no response.
fn name_server() -> (u16, Count) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = socket.local_addr().expect("an address").port();
    let count = Count::default();
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(pending) = Message::from_vec(&buffer[..length]) else { continue };
            counted.fetch_add(1, Ordering::Relaxed);
            let query = pending.queries[0].clone();
            let name = query.name().to_string();
            let mut result = Message::response(pending.metadata.id, pending.metadata.op_code);
            result.metadata.message_type = MessageType::Response;
            result.metadata.recursion_available = true;
            result.add_query(query.clone());
            let ttl = if name.starts_with("short") { 0 } else { 60 };
            match (name.as_str(), query.query_type()) {
                ("silent.test.", _) => continue,
                ("broken.test.", _) => result.metadata.response_code = ResponseCode::ServFail,
                ("two.test." | "short.test." | "under_score.lan." | "host.lan.", RecordType::A) => {
                    let ip: IpAddr = [192, 0, 2, 7].into();
                    result.add_answer(Record::from_rdata(query.name().clone(), ttl, RData::from(ip)));
                }
                ("two.test.", RecordType::AAAA) => {
                    let ip: IpAddr = "2001:db8::7".parse().expect("an address");
                    result.add_answer(Record::from_rdata(query.name().clone(), ttl, RData::from(ip)));
                }
                ("short.test." | "under_score.lan." | "host.lan." | "empty.test.", _) => {}
                _ => result.metadata.response_code = ResponseCode::NXDomain,
            }
            let _ = socket.send_to(&result.to_vec().expect("a message"), from);
        }
    });
    (port, count)
}

fn resolver() -> (CachingResolver, Count) {
    let (port, count) = name_server();
    let mut server = NameServerConfig::udp([127, 0, 0, 1].into());
    server.connections[0].port = port;
    let search = vec![DnsName::from_ascii("lan.").expect("a name")];
    let config = ResolverConfig::from_parts(None, search, vec![server]);
    let mut options = ResolverOpts::default();
    (options.timeout, options.attempts) = (Duration::from_millis(200), 2);
    let mut hosts = Hosts::default();
    hosts.read_hosts_conf("192.0.2.1 Here here-too\n# 192.0.2.9 gone\n".as_bytes()).expect("a file");
    let source = LookupSource::Custom(Arc::new((hosts, config, options)));
    (CachingResolver(Arc::new(ResolverShared { source, ..ResolverShared::default() })), count)
}

async fn found(resolver: &CachingResolver, name: &str) -> Result<Vec<String>, String> {
    match resolver.addresses(name).await {
        Ok(found) => Ok(found.iter().map(|address| address.ip().to_string()).collect()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn names_are_found_in_the_hosts_file_and_by_the_name_server() {
    let (resolver, count) = resolver();
    for name in ["here", "here-too", "HERE"] {
        assert_eq!(found(&resolver, name).await.as_deref(), Ok(&["192.0.2.1".to_owned()][..]), "{name}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0, "the hosts file is enough");
    let mut two = found(&resolver, "two.test").await.expect("addresses");
    two.sort();
    assert_eq!(two, ["192.0.2.7", "2001:db8::7"]);
    for name in ["host", "under_score", "host.lan."] {
        assert_eq!(found(&resolver, name).await.as_deref(), Ok(&["192.0.2.7".to_owned()][..]), "{name}");
    }
    let localhost = found(&resolver, "localhost").await.expect("addresses");
    assert!(localhost.contains(&"127.0.0.1".to_owned()), "{localhost:?}");
}

#[tokio::test]
async fn results_are_cached_and_concurrent_lookups_share_one_query() {
    let (resolver, count) = resolver();
    let all = futures_util::future::join_all((0..200).map(|_| resolver.addresses("two.test"))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!(resolver.addresses("two.test").await.is_ok());
    assert_eq!(count.load(Ordering::Relaxed), 2, "one query of each kind");
    for _ in 0..2 {
        assert!(resolver.addresses("short.test").await.is_ok());
    }
    assert_eq!(count.load(Ordering::Relaxed), 6, "a TTL of 0 is not cached");
}

#[tokio::test]
async fn failures_have_plain_reasons() {
    let (resolver, count) = resolver();
    for (name, wanted) in [
        ("nobody.test", "unknown host name"),
        ("empty.test", "the host name has no address"),
        ("shop.invalid", "unknown host name"),
        ("broken.test", "the name server returned an error: Server Failure"),
        ("silent.test", "the name server did not respond"),
        (&"x".repeat(64), "not a valid host name"),
    ] {
        assert_eq!(found(&resolver, name).await, Err(wanted.to_owned()), "{name}");
    }
    let pending = count.load(Ordering::Relaxed);
    assert!(found(&resolver, "silent.test").await.is_err());
    assert_eq!(count.load(Ordering::Relaxed), pending, "failures are cached briefly");
}

#[tokio::test]
async fn waiting_can_be_cancelled_and_the_cache_is_limited() {
    let (resolver, _) = resolver();
    let waiting = tokio::time::timeout(Duration::from_millis(1), resolver.addresses("silent.test"));
    assert!(waiting.await.is_err());
    for n in 0..MAX_NAMES {
        assert!(resolver.addresses(&format!("{n}.invalid")).await.is_err());
    }
    assert!(resolver.0.names.lock().expect("no panic").len() <= MAX_NAMES);
}
