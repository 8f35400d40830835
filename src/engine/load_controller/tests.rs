use super::*;
use crate::scenario::plan::{Slope, Stage};
use crate::scenario::{Overrides, Scenario};

fn plan(load: &str, schedule: Option<Schedule>) -> Plan {
    let text = format!("host: http://h\n{load}\ntasks: [{{ steps: [{{ get: / }}] }}]");
    let mut plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
    if let Some(schedule) = schedule {
        plan.load.users = schedule.peak_users();
        plan.schedule = schedule;
    }
    plan
}

fn stage(name: &str, seconds: u64, goal: Goal) -> Stage {
    Stage { name: name.into(), duration: Some(s(seconds)), goal, warm_up: false }
}

fn shaped() -> Plan {
    let goal = |users, rate| Goal::Users { users, slope: Slope::PerSecond(rate) };
    let stages = vec![stage("a", 10, goal(20, 10.0)), stage("b", 10, goal(100, 100.0))];
    plan("spawn_rate: 50", Some(Schedule::new(stages, None, Duration::ZERO)))
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn plain_run_is_a_ramp() {
    let mut load = LoadController::new(&plan("users: 50\nspawn_rate: 5", None), Users(0));
    assert_eq!([0, 1, 9, 60].map(|t| load.at(s(t)).0), [1, 6, 46, 50]);
    load.set_users(Users(10), s(60));
    load.set_rate(PerSecond(10.0), s(60));
    assert_eq!((load.at(s(61)), load.target(s(61)), load.rate(s(61))), (Users(39), Users(10), PerSecond(10.0)));
    load.follow(s(70));
    assert_eq!((load.target(s(70)), load.rate(s(70)), load.is_steered()), (Users(50), PerSecond(5.0), false));
}

#[test]
fn commands_override_a_shape_until_control_is_returned() {
    let mut load = LoadController::new(&shaped(), Users(0));
    assert_eq!((load.at(s(1)), load.target(s(1)), load.rate(s(1))), (Users(11), Users(20), PerSecond(10.0)));
    load.set_users(Users(40), s(5));
    assert!(load.is_steered());
    assert_eq!([5_000, 6_000, 9_000, 15_000].map(|t| load.at(ms(t)).0), [21, 31, 40, 40]);
    load.follow(s(15));
    assert!(!load.is_steered());
    // At 50 users per second to the 100 users of the shape.
    assert_eq!([15_000, 15_500, 16_000, 16_100].map(|t| load.at(ms(t)).0), [41, 66, 91, 96]);
    assert_eq!((load.at(s(17)), load.target(s(17))), (Users(100), Users(100)));
}

#[test]
fn plan_clock_starts_when_early_users_are_ready() {
    let mut load = LoadController::new(&shaped(), Users(3));
    assert_eq!([0, 1, 50].map(|t| load.at(s(t)).0), [1, 3, 3]);
    assert!(load.is_held() && !load.is_settled(s(50)));
    load.open(s(50));
    // In steps of 10 ms, like the supervisor.
    let users: Vec<u32> = (0..300).map(|n| load.at(s(50) + 10 * n * ms(1)).0).collect();
    assert_eq!((load.plan_time(s(51)), users[0], users[100], users[200]), (s(1), 3, 11, 20));
    assert!(users.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] <= pair[0] + 1), "{users:?}");
    let mut plain = LoadController::new(&plan("users: 10\nspawn_rate: 1", None), Users(2));
    assert_eq!(plain.at(s(30)), Users(2));
    plain.open(s(30));
    assert_eq!([30, 31, 40].map(|t| plain.at(s(t)).0), [3, 4, 10]);
}

#[test]
fn open_model_has_a_maximum_and_a_scale() {
    let stages = vec![stage("", 10, Goal::Rate { rate: 100.0, ramp: s(10) })];
    let mut load =
        LoadController::new(&plan("", Some(Schedule::new(stages, Some(Users(7)), Duration::ZERO))), Users(0));
    assert_eq!((load.at(s(1)), load.arrivals(s(5)), load.rate(s(5))), (Users(7), Some(50.0), PerSecond(100.0)));
    assert_eq!(load.set_rate(PerSecond(250.0), s(5)), Some(2.5));
    assert_eq!((load.arrivals(s(5)), load.rate(s(5)), load.is_steered()), (Some(125.0), PerSecond(250.0), true));
    load.set_users(Users(9), s(6));
    assert_eq!(load.at(s(6)), Users(9));
    load.follow(s(7));
    assert_eq!((load.at(s(7)), load.arrivals(s(5)), load.is_steered()), (Users(7), Some(50.0), false));
}
