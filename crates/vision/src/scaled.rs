//! Pixels at another size.
//!
//! Owns the two layouts that are scaled here, one byte a pixel and three; sizes are pixels across and down.
//! Naming the layouts keeps the scaling library's other fourteen out of this crate, which would build minutes
//! longer with them.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use zeroize::Zeroizing;

/// Scales brightness; nothing if a side is zero or the length is not that of the size.
pub(crate) fn luma(
    pixels: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    filter: FilterType,
) -> Option<Zeroizing<Vec<u8>>> {
    scaled::<U8>(pixels, from, to, 1, filter)
}

/// As [`luma`], for colours.
pub(crate) fn rgb(
    pixels: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    filter: FilterType,
) -> Option<Zeroizing<Vec<u8>>> {
    scaled::<U8x3>(pixels, from, to, 3, filter)
}

fn scaled<P: PixelTrait>(
    pixels: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    channels: usize,
    filter: FilterType,
) -> Option<Zeroizing<Vec<u8>>> {
    let area = usize::try_from(to.0).ok()?.checked_mul(usize::try_from(to.1).ok()?)?;
    let mut scaled = Zeroizing::new(vec![0; area.checked_mul(channels)?]);
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, pixels).ok()?;
    let mut target = TypedImage::<P>::from_buffer(to.0, to.1, &mut scaled).ok()?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize_typed(&source, &mut target, &options).ok()?;
    Some(scaled)
}
