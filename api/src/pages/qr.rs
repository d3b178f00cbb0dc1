//! QR codes, drawn as one path: what a link or a device's secret looks like to a camera.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

use crate::problem::{Code, Problem};

/// Empty modules around a code, without which it is not read.
const QUIET: usize = 4;

/// A QR code, drawn as one path.
pub(crate) struct Qr {
    /// Its side in modules, with the empty ones around it.
    pub(crate) side: usize,
    pub(crate) path: String,
}

pub(crate) fn qr(link: &str) -> Result<Qr, Problem> {
    let code = QrCode::new(link).map_err(|error| {
        tracing::error!(%error, "a text cannot be made a QR code");
        Problem::new(Code::Internal)
    })?;
    let width = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    Ok(Qr { side: width + 2 * QUIET, path })
}

impl Qr {
    /// As a document of its own.
    pub(crate) fn document(&self) -> String {
        let Self { side, path } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_room_around_them() {
        let qr = qr("https://wolo.example/p/abcdefghijklmnopqrstuv").unwrap();
        // A finder pattern begins with seven dark modules, four from each edge.
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", qr.path);
        assert!(qr.path.contains(&format!("M{} 4h7v1h-7z", qr.side - 11)), "{}", qr.path);
        assert!(qr.path.len() < 8_000, "{}", qr.path.len());
    }
}
