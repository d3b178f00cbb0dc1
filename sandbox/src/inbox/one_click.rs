//! Mails that can be ended in one click (RFC 8058): the button that a mail program shows for them, and what it does.

use super::Button;

/// The button, if the mail's headers ask for one.
pub(crate) fn button<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Button> {
    let one_click = header("List-Unsubscribe-Post")?.trim() == "List-Unsubscribe=One-Click";
    let places = header("List-Unsubscribe")?.split(',');
    let mut places = places.filter_map(|place| place.trim().strip_prefix('<')?.strip_suffix('>'));
    let place = places.find(|place| one_click && place.starts_with("http"))?;
    Some(Button::Reply { title: "Se désabonner".to_owned(), payload: place.to_owned() })
}

/// What the button does with the address behind it.
pub(crate) async fn press(client: reqwest::Client, place: String) {
    let pressed = client.post(place).form(&[("List-Unsubscribe", "One-Click")]).send().await;
    if let Err(error) = pressed.and_then(reqwest::Response::error_for_status) {
        tracing::warn!(error = %error.without_url(), "nobody ended these mails");
    }
}
