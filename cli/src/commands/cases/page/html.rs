//! The page itself: who they say they are, the pictures, what each is, and over them who looks. Beside names only ids, words of ours
//! and times stand in it.

use std::fmt::Write as _;

use wolo_api::escape;
use wolo_domain::identities::Document;
use wolo_domain::ids::CaseId;

use super::Claims;
use crate::commands::cases::words;

/// So often the line stands over a picture that no part of it can be cut out without.
const MARKS: usize = 60;

const STYLE: &str = "
body { margin: 1.5rem; font: 1rem/1.4 system-ui, sans-serif; background: #fff; color: #111 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 0 1.5rem }
dd { margin: 0; font-weight: 600 }
figure { margin: 0 0 2rem }
figcaption { margin-bottom: .5rem; overflow-wrap: anywhere }
.sheet { position: relative; display: inline-block; overflow: hidden; max-width: 100% }
.sheet img { display: block; max-width: 100%; height: auto }
.marks { position: absolute; inset: -50%; transform: rotate(-24deg); pointer-events: none; user-select: none;
    color: rgb(200 0 0 / .35); font: 600 1rem/3.5 monospace; word-spacing: .2em }
@media print { body { display: none } }
";

pub(super) fn page(
    case: CaseId,
    mark: &str,
    claims: &Claims,
    pictures: &[(String, Document)],
    nonce: &str,
) -> String {
    let marks = [mark; MARKS].join(" \u{2003} ");
    let said: Vec<_> =
        claims.iter().map(|(what, said)| format!("<dt>{what}</dt><dd>{}</dd>", escape(said))).collect();
    let said = said.concat();
    let mut figures = String::new();
    for (path, document) in pictures {
        let (kind, party) = (words::kind(document.kind), words::party(document.party));
        // Writing to a string does not fail.
        let _ = writeln!(
            figures,
            "<figure><figcaption>{}, {} {}</figcaption><div class=\"sheet\"><img src=\"{path}\" alt=\"{kind} of {party}\">\
             <div class=\"marks\" aria-hidden=\"true\">{marks}</div></div></figure>",
            words::document(document),
            document.pages,
            if document.pages == 1 { "page" } else { "pages" },
        );
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{case}</title><link rel=\"icon\" href=\"data:,\">\
         <style nonce=\"{nonce}\">{STYLE}</style></head>\n<body>\n<h1>{case}</h1>\n<p>{mark}</p>\n<dl>{said}</dl>\n{figures}</body>\n</html>\n"
    )
}
