use wolo_domain::money::Xof;
use wolo_providers::wave::LineType;
use wolo_sandbox::wave::Options;

use crate::setting::{Setting, gift, key, order};

#[tokio::test]
async fn the_book_is_read_page_by_page_and_each_line_once() {
    let setting =
        Setting::with(Options { opening_balance: 100_000, page_size: 2, ..Options::default() }).await;
    let day = setting.emulator.now().date_naive();
    let mut sessions = Vec::new();
    for number in 0..4 {
        let id = setting.wave.create_checkout(&gift(&format!("don_{number}"), 5000)).await.unwrap().id;
        setting.emulator.pay(&id, None).unwrap();
        sessions.push(id);
    }
    setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap();

    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let page = setting.wave.statement_page(day, after.as_deref()).await.unwrap();
        assert!(page.lines.len() <= 2 && page.unreadable.is_empty());
        lines.extend(page.lines);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(lines.len(), 5);
    let gifts: Vec<_> = lines.iter().filter(|line| line.transaction_type == LineType::ApiCheckout).collect();
    let seen: Vec<_> = gifts.iter().filter_map(|line| line.checkout_api_session_id.clone()).collect();
    assert_eq!(seen, sessions);
    for line in &gifts {
        let gross = line.amount.checked_add(line.fee.unwrap()).unwrap();
        assert_eq!(gross, Xof::new(5000));
    }
    let out = lines.iter().find(|line| line.transaction_type == LineType::ApiPayout).unwrap();
    assert!(out.amount < Xof::new(0));
    assert_eq!(lines.last().unwrap().balance, Some(setting.wave.balance().await.unwrap()));
}

#[tokio::test]
async fn a_day_without_movement_is_one_empty_page() {
    let setting = Setting::start().await;
    let page = setting.wave.statement_page("2020-01-01".parse().unwrap(), None).await.unwrap();
    assert!(page.lines.is_empty() && page.unreadable.is_empty() && page.next.is_none());
    assert_eq!(setting.wave.balance().await.unwrap(), Xof::new(1_000_000));
}

#[tokio::test]
async fn a_cursor_of_another_day_is_refused() {
    let setting = Setting::start().await;
    let error =
        setting.wave.statement_page("2020-01-01".parse().unwrap(), Some("nonsense")).await.unwrap_err();
    assert_eq!(error.refusal(), Some("request-validation-error"));
}
