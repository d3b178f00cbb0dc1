//! The pages of a PDF, drawn one below the other. What a page does not show (texts behind pictures, forms' scripts,
//! attachments) is not there any more.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, Rgb, RgbImage};

use super::answer::Answer;
use super::picture::encoded;
use super::{MOST_PAGES, Refusal};

/// The longer side of a drawn page, in pixels: an A4 page at 170 dots an inch.
const LONGEST_PAGE: f32 = 2_000.0;
/// A page the size of a stamp is not drawn larger than this, at 300 dots an inch.
const LARGEST_SCALE: f32 = 300.0 / 72.0;

pub(super) fn draw(upload: Vec<u8>) -> Answer {
    let pdf = Pdf::new(upload).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Refusal::PasswordProtected,
        LoadPdfError::Invalid => Refusal::Damaged,
    })?;
    let pages = pdf.pages();
    if pages.len() > MOST_PAGES {
        return Err(Refusal::TooManyPages);
    }
    let cache = RenderCache::new();
    let drawn = pages.iter().map(|page| one(page, &cache)).collect::<Result<Vec<_>, _>>()?;
    let count = u8::try_from(drawn.len()).map_err(|_| Refusal::TooManyPages)?;
    let stacked = stacked(&drawn).ok_or(Refusal::Damaged)?;
    encoded(&DynamicImage::ImageRgb8(stacked), count)
}

#[expect(clippy::float_arithmetic, reason = "pages are measured in fractions of an inch")]
fn one<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>) -> Result<RgbImage, Refusal> {
    let (width, height) = page.render_dimensions();
    let scale = (LONGEST_PAGE / width.max(height)).min(LARGEST_SCALE);
    // Neither nothing, nor a line, nor anything that is not a number.
    if !(width * scale >= 1.0 && height * scale >= 1.0) {
        return Err(Refusal::Damaged);
    }
    let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let pixels = render(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &size);
    let (width, height) = (u32::from(pixels.width()), u32::from(pixels.height()));
    // On white, nothing is transparent.
    let colours = pixels.data_as_u8_slice().chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied();
    RgbImage::from_raw(width, height, colours.collect()).ok_or(Refusal::Damaged)
}

/// `None` when there is nothing.
fn stacked(pages: &[RgbImage]) -> Option<RgbImage> {
    let width = pages.iter().map(RgbImage::width).max()?;
    let height = pages.iter().map(RgbImage::height).sum();
    let mut all = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let mut top = 0;
    for page in pages {
        image::imageops::replace(&mut all, page, 0, top);
        top += i64::from(page.height());
    }
    Some(all)
}
