//! Somebody lives through their whole birthday while one of the ways to reach them does not work: each message comes by the next.

use std::path::Path;

use serde_json::{Value, json as body};

use crate::dev::{Dev, get, json, made_pot, post, put};
use crate::payout::{beyond_its_end, born_for_a_pot, give, until};
use crate::reviewers::code_for;

/// A channel, who carries on it in this world, and the one that is tried after it.
struct Off {
    channel: &'static str,
    carriers: &'static [&'static str],
    next: &'static str,
    phone: &'static str,
}

const TURNS: [Off; 4] = [
    Off { channel: "whatsapp", carriers: &["WhatsApp"], next: "sms", phone: "771234531" },
    Off { channel: "sms", carriers: &["Orange", "Twilio"], next: "email", phone: "771234532" },
    Off { channel: "email", carriers: &["SendGrid", "SMTP"], next: "push", phone: "771234533" },
    Off { channel: "push", carriers: &["Firebase"], next: "whatsapp", phone: "771234534" },
];

/// What the owner of a pot is told from its opening to its payout.
const STORY: [&str; 7] =
    ["pot_opened", "gift_received", "days_left", "last_day", "birthday_wish", "pot_closed", "payout_sent"];

pub(crate) fn a_story_is_heard_with_each_of_them_off(home: &Path, dev: &Dev) {
    for turn in TURNS {
        let switch = |off| turn.carriers.iter().for_each(|carrier| turned(dev, carrier, off));
        switch(true);
        turn.is_lived(home, dev);
        switch(false);
    }
}

impl Off {
    fn is_lived(&self, home: &Path, dev: &Dev) {
        let address = |part: &str| dev.addresses[part].as_str().unwrap().trim_end_matches('/').to_owned();
        let (api, wave) = (address("api"), address("wave"));
        let (email, device) = (format!("coumba{}@example.sn", self.phone), format!("device-{}", self.phone));
        let born = born_for_a_pot();
        let person =
            ["--name", "Coumba", "--birth-date", &born, "--phone", self.phone, "--email", &email, "--proved"];
        let owner = json(home, &[&["users", "add"], &person[..], &["--json"]].concat());
        // A code is asked for by phone, so that it comes by SMS where WhatsApp does not work.
        let auth = format!("{api}/api/users/auth");
        let sent = post(&format!("{auth}/otp/request"), None, &body!({ "phone": self.phone }));
        let given = body!({ "code_id": sent["code_id"], "code": code_for(dev, self.phone) });
        let token =
            post(&format!("{auth}/otp/verify"), None, &given)["access_token"].as_str().unwrap().to_owned();
        let phone = body!({ "token": device, "platform": "android" });
        post(&format!("{api}/api/notifications/devices"), Some(&token), &phone);
        let wanted = body!({ "muted": [], "channels": [self.channel, self.next] });
        put(&format!("{api}/api/users/preferences"), &token, &wanted);

        let made = made_pot(&api, &token);
        let pot = made["id"].as_str().unwrap();
        until(|| (json(home, &["pots", "show", pot, "--json"])["pot"]["stage"] == "open").then_some(()));
        give(home, &api, &wave, (pot, &made["slug"]));
        beyond_its_end(home, pot).wait().unwrap();
        self.all_was_heard(home, owner["id"].as_str().unwrap());
        let to = [format!("+221{}", self.phone), email, device];
        self.by_the_next_and_in_french(&address("inbox"), &to);
    }

    fn all_was_heard(&self, home: &Path, owner: &str) {
        until(|| {
            let told = json(home, &["notices", "list", "--user", owner, "--json"]);
            let has_come = |kind: &&str| {
                told.as_array().unwrap().iter().any(|one| {
                    one["kind"] == **kind
                        && one["channel"] == self.next
                        && ["accepted", "delivered", "read"].contains(&one["stage"].as_str().unwrap())
                })
            };
            STORY.iter().all(has_come).then_some(())
        });
    }

    fn by_the_next_and_in_french(&self, inbox: &str, to: &[String; 3]) {
        let to: Vec<_> = to.iter().map(|one| format!("to={}", one.replace('+', "%2B"))).collect();
        let messages = get(&format!("{inbox}/messages?{}", to.join("&")));
        let messages: Vec<Value> = serde_json::from_str(&messages).unwrap();
        // What was tried in vain is there too.
        let arrived: Vec<Value> =
            messages.into_iter().filter(|message| message["state"] != "failed").collect();
        assert!(arrived.iter().all(|message| message["channel"] != self.channel), "{arrived:?}");
        let says = |message: &Value, words: &str| {
            let part = |name: &str| message[name].as_str().is_some_and(|text| text.contains(words));
            message["channel"] == self.next && (part("subject") || part("text"))
        };
        for words in ["ouverte", "anniversaire", "Moussa"] {
            assert!(arrived.iter().any(|message| says(message, words)), "{words}: {arrived:?}");
        }
    }
}

/// As the switch on the page of the inbox does it.
fn turned(dev: &Dev, carrier: &str, off: bool) {
    let url =
        format!("{}/carriers/{carrier}", dev.addresses["inbox"].as_str().unwrap().trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let status = runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(std::time::Duration::from_secs(30));
        let http = wolo_providers::http::client(timeouts).unwrap();
        http.post(url).form(&[("off", off)]).send().await.unwrap().status()
    });
    assert!(status.is_success() || status.is_redirection(), "{carrier}: {status}");
}
