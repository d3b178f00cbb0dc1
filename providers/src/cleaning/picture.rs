//! Pictures: decoded, made no larger than needed, turned upright, and encoded anew.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::answer::Answer;
use super::{Clean, Encoding, LONGEST_SIDE, MOST_BYTES, MOST_PIXELS, Refusal};

/// Small print stays legible, and a page of noise stays below ten megabytes.
const QUALITY: u8 = 88;

pub(super) fn jpeg(upload: &[u8]) -> Answer {
    encoded(&upright(upload, ImageFormat::Jpeg)?, 1)
}

/// One whose pixels take too much room without loss becomes a JPEG.
pub(super) fn png(upload: &[u8]) -> Answer {
    let picture = upright(upload, ImageFormat::Png)?;
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|_| Refusal::Damaged)?;
    let bytes = bytes.into_inner();
    if bytes.len() > MOST_BYTES {
        return encoded(&picture, 1);
    }
    Ok(Clean { bytes: Bytes::from(bytes), encoding: Encoding::Png, pages: 1 })
}

/// As a JPEG.
pub(super) fn encoded(picture: &DynamicImage, pages: u8) -> Answer {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let done = match picture {
        DynamicImage::ImageLuma8(grey) => grey.write_with_encoder(encoder),
        DynamicImage::ImageRgb8(colour) => colour.write_with_encoder(encoder),
        other => other.to_rgb8().write_with_encoder(encoder),
    };
    done.map_err(|_| Refusal::Damaged)?;
    if bytes.len() > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    Ok(Clean { bytes: Bytes::from(bytes), encoding: Encoding::Jpeg, pages })
}

fn upright(upload: &[u8], format: ImageFormat) -> Result<DynamicImage, Refusal> {
    let reader = ImageReader::with_format(Cursor::new(upload), format);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    // Before anything of it is decoded.
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refusal::TooManyPixels);
    }
    // A picture whose note of it cannot be read is taken as it lies.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let grey = matches!(decoder.color_type(), ColorType::L8 | ColorType::L16);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    picture.apply_orientation(orientation);
    // Eight bits are enough to see everything.
    Ok(if grey {
        picture.into_luma8().into()
    } else if picture.color().has_alpha() {
        picture.into_rgba8().into()
    } else {
        picture.into_rgb8().into()
    })
}

/// The decoder's words may quote the document.
fn refusal(error: &ImageError) -> Refusal {
    if matches!(error, ImageError::Limits(_)) { Refusal::TooManyPixels } else { Refusal::Damaged }
}
