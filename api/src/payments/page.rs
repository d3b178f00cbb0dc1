//! The page that a giver finds after Wave: where the gift stands, in a sentence. It loads nothing from anywhere.

use wolo_domain::donations::DonationStage;

use super::status::Status;

/// Seconds after which a page that waits looks again by itself.
const LOOK_AGAIN: u32 = 5;

pub(super) fn of(status: &Status) -> String {
    let (title, sentence) = words(status.stage);
    let amount = escape(&status.amount.to_string());
    let again = if status.stage == DonationStage::Requested {
        format!("<meta http-equiv=\"refresh\" content=\"{LOOK_AGAIN}\">")
    } else {
        String::new()
    };
    let pay = status.wave_launch_url.as_deref().map_or_else(String::new, |url| {
        format!("<p><a class=\"pay\" rel=\"noreferrer\" href=\"{}\">Payer avec Wave</a></p>", escape(url))
    });
    let failed = if status.failed_attempts > 0 && status.stage == DonationStage::Requested {
        "<p>Un essai de paiement n'a pas abouti. Vous pouvez réessayer.</p>"
    } else {
        ""
    };
    format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\">{again}<title>{title} · WOLO</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1><p class=\"amount\">{amount}</p><p>{sentence}</p>{failed}{pay}\
         <p class=\"id\">{}</p></main></body></html>",
        status.donation
    )
}

const STYLE: &str = "body{margin:0;font:18px/1.5 system-ui,sans-serif;background:#f6f4ef;color:#1d1d1b}\
    main{max-width:28rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:1rem}\
    h1{margin:0 0 .5rem;font-size:1.5rem}.amount{font-size:2rem;margin:.25rem 0}\
    .pay{display:inline-block;padding:.75rem 1.25rem;border-radius:.5rem;background:#0b6bcb;color:#fff;text-decoration:none}\
    .id{color:#6b6b66;font-size:.75rem;overflow-wrap:anywhere}";

fn words(stage: DonationStage) -> (&'static str, &'static str) {
    match stage {
        DonationStage::Requested => (
            "En attente du paiement",
            "Nous attendons la confirmation de Wave. Cette page se met à jour toute seule.",
        ),
        DonationStage::Confirmed => ("Merci !", "Votre cadeau est arrivé dans la cagnotte."),
        DonationStage::Expired => ("Non payé", "Le paiement n'a pas été fait à temps. Rien n'a été débité."),
        DonationStage::RefundDue => (
            "Remboursement en cours",
            "La cagnotte était déjà fermée. Votre argent vous est rendu en entier.",
        ),
        DonationStage::Refunded => {
            ("Remboursé", "La cagnotte était déjà fermée. Votre argent vous a été rendu.")
        }
        DonationStage::Suspended => {
            ("En vérification", "Le paiement ne correspond pas à la demande. Notre équipe le vérifie.")
        }
    }
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_escaped() {
        assert_eq!(escape("\"><script>'&"), "&quot;&gt;&lt;script&gt;&#39;&amp;");
    }
}
