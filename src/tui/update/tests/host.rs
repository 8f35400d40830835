//! The prompt for the host, which hides credentials and keeps them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::press;
use crate::scenario::Scenario;
use crate::scenario::catalog::{Entry, Origin};
use crate::settings::Settings;
use crate::tui::fixture;
use crate::tui::model::{Model, Overlay};
use crate::tui::update::{Message, handle};

#[test]
fn the_host_keeps_its_credentials() {
    let scenario = "host: http://bob:canary-pw@127.0.0.1:9\ntasks: [{ steps: [{ get: / }] }]";
    let redis = "redis: { url: 'redis://bob:canary-pw@127.0.0.1:9/3' }\ntasks: [{ steps: [{ redis: PING }] }]";
    for (text, keys, wanted) in [
        (scenario, "h\n", None),
        (scenario, "hhttp://me:new@h\n", Some("http://me:new@h")),
        (scenario, "h>/sub\n", Some("http://bob:canary-pw@127.0.0.1:9/sub")),
        (scenario, "h>\x080\n", Some("http://bob:canary-pw@127.0.0.1:0")),
        // What was typed before is kept in the same way.
        (scenario, "hhttp://me:canary-2@h\nh\n", Some("http://me:canary-2@h")),
        (scenario, "hhttp://me:canary-2@h\nh>/a\nh>/b\n", Some("http://me:canary-2@h/a/b")),
        (redis, "h\n", None),
        (redis, "h>\x084\n", Some("redis://bob:canary-pw@127.0.0.1:9/4")),
    ] {
        let entry = Entry::known("s", Origin::Folder, Scenario::parse("s.yaml", text));
        let mut model = Model::new(vec![entry], &Settings::default());
        fixture::read(&mut model);
        for key in keys.chars() {
            // What was typed is not read yet in one case, and in the next it is.
            if key == '>' {
                fixture::read(&mut model);
                handle(&mut model, Message::Key(KeyEvent::new(KeyCode::End, KeyModifiers::NONE)));
            } else {
                press(&mut model, &key.to_string());
            }
            if let (Some(Overlay::Prompt(prompt)), 'h') = (&model.overlay, key)
                && prompt.is_offered()
            {
                assert!(!prompt.value().contains("canary") && !format!("{prompt:?}").contains("canary"), "{keys}");
            }
        }
        assert_eq!(model.launcher.overrides.host.as_deref(), wanted, "{keys:?}");
        assert!(model.overlay.is_none(), "{keys:?}");
    }
    // A mask that hides nothing is not a password.
    let mut model = fixture::launcher();
    press(&mut model, "hhttp://***@h\n");
    let Some(Overlay::Prompt(prompt)) = &model.overlay else { panic!("the prompt is gone") };
    assert!(prompt.error.as_ref().unwrap().starts_with("*** hides a part"), "{:?}", prompt.error);
    assert_eq!(model.launcher.overrides.host, None);
}
