//! Ephemeral ports: connections from this machine to one address and port each need a local port of their own.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::scenario::plan::Connections;
use crate::units;

/// Range of local ports on Linux. Elsewhere the check does not apply.
const RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// How long the kernel keeps the port of a closed connection, in seconds.
const TIME_WAIT: f64 = 60.0;

/// Lines of the ports; none without a plan or on other systems.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let (Some(plan), Some(users)) = (&subject.plan, subject.users()) else { return Vec::new() };
    let Some(ports) = std::fs::read_to_string(RANGE).ok().and_then(|text| size(&text)) else { return Vec::new() };
    let closes = plan.clients.iter().any(|options| options.connections == Connections::PerRequest);
    let rate = crate::scenario::estimate::estimate(plan).rate.filter(|_| closes);
    vec![line(ports, users.into(), rate)]
}

/// Number of ports in a range such as `32768 60999`.
fn size(text: &str) -> Option<u64> {
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    Some((last.trim().parse::<u64>().ok()? + 1).saturating_sub(first.parse().ok()?))
}

/// `rate`: connections per second, if each request has one of its own.
fn line(ports: u64, users: u64, rate: Option<f64>) -> Line {
    let advice =
        "Widen net.ipv4.ip_local_port_range with sysctl, or spread the load over several addresses or machines.";
    let free = units::count(ports);
    if users > ports {
        return Line::warning(format!("{free} local ports for {} users", units::count(users)), advice);
    }
    let waiting = rate.map(|rate| rate * TIME_WAIT).filter(|waiting| *waiting > ports as f64);
    if let (Some(_), Some(rate)) = (waiting, rate) {
        let found = format!(
            "{free} local ports, but each closed connection keeps one for 60 s, and up to {} per second are planned",
            units::rate(rate)
        );
        return Line::warning(found, "Use `connections: per_user`, or lower the load.");
    }
    Line::ok(format!("{free} local ports"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn ports_are_compared_with_users_and_rates() {
        assert_eq!(
            (size("32768\t60999\n"), size("1024 65535"), size("x"), size("")),
            (Some(28_232), Some(64_512), None, None)
        );
        assert_eq!(line(28_232, 28_232, None).level, Level::Ok);
        assert_eq!(line(28_232, 28_233, None).level, Level::Warning);
        assert_eq!(line(28_232, 10, Some(470.0)).level, Level::Ok);
        assert_eq!(line(28_232, 10, Some(471.0)).level, Level::Warning);
    }
}
