//! How the two processes speak: the document goes in as it is, and comes out as one code, the number of pages, the number
//! of bytes, and the bytes. Whoever listens believes none of it before it has come to its end.

use std::io::{self, ErrorKind, Write};

use bytes::Bytes;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Clean, Encoding, MOST_BYTES, Refusal};

pub(super) type Answer = Result<Clean, Refusal>;

const JPEG: u8 = b'J';
const PNG: u8 = b'P';
/// Refusals are the letters from here on, in their order.
const REFUSED: u8 = b'a';

pub(super) fn write(answer: &Answer, mut output: impl Write) -> io::Result<()> {
    let (code, pages, bytes) = match answer {
        Ok(clean) => {
            let code = match clean.encoding {
                Encoding::Jpeg => JPEG,
                Encoding::Png => PNG,
            };
            (code, clean.pages, clean.bytes.as_ref())
        }
        Err(refusal) => {
            let place = Refusal::ALL.iter().position(|known| known == refusal);
            let place = place.and_then(|place| u8::try_from(place).ok()).ok_or(ErrorKind::InvalidInput)?;
            (REFUSED + place, 0, [].as_slice())
        }
    };
    let length = u32::try_from(bytes.len()).map_err(|_| ErrorKind::InvalidInput)?;
    output.write_all(&[code, pages])?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(bytes)?;
    output.flush()
}

/// Fails with `InvalidData` when it hears something that is no answer, and otherwise when it hears no end.
pub(super) async fn read(mut output: impl AsyncRead + Unpin) -> io::Result<Answer> {
    let (code, pages) = (output.read_u8().await?, output.read_u8().await?);
    let length = output.read_u32().await? as usize;
    if length > MOST_BYTES {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    output.read_exact(&mut bytes).await?;
    if output.read(&mut [0]).await? != 0 {
        return Err(ErrorKind::InvalidData.into());
    }
    let encoding = match code {
        JPEG => Encoding::Jpeg,
        PNG => Encoding::Png,
        other => {
            let refusal = other.checked_sub(REFUSED).and_then(|place| Refusal::ALL.get(usize::from(place)));
            return Ok(Err(*refusal.ok_or(ErrorKind::InvalidData)?));
        }
    };
    Ok(Ok(Clean { bytes: Bytes::from_owner(bytes), encoding, pages }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(answer: &Answer) -> Vec<u8> {
        let mut output = Vec::new();
        write(answer, &mut output).unwrap();
        output
    }

    #[expect(clippy::unnecessary_wraps, reason = "an answer is what is written")]
    fn clean() -> Answer {
        Ok(Clean { bytes: Bytes::from_static(b"pixels"), encoding: Encoding::Png, pages: 3 })
    }

    #[tokio::test]
    async fn what_is_said_is_heard() {
        let heard = read(written(&clean()).as_slice()).await.unwrap().map_err(|_| ()).unwrap();
        assert_eq!((heard.bytes.as_ref(), heard.encoding, heard.pages), (&b"pixels"[..], Encoding::Png, 3));
        for refusal in Refusal::ALL {
            assert_eq!(read(written(&Err(refusal)).as_slice()).await.unwrap().err(), Some(refusal));
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_goes_on_or_is_none_is_not_believed() {
        let whole = written(&clean());
        for length in 0..whole.len() {
            let error = read(&whole[..length]).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length} bytes");
        }
        let too_much = [b"J\x01".as_slice(), &u32::MAX.to_be_bytes()].concat();
        for wrong in [[whole.as_slice(), b"x"].concat(), b"?\x01\0\0\0\0".to_vec(), too_much] {
            assert_eq!(read(wrong.as_slice()).await.err().unwrap().kind(), ErrorKind::InvalidData);
        }
    }
}
