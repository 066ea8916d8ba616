//! A picture of pixels that [`plotters`] draws on, written as PNG.
//!
//! Plotters turns lines and rectangles into pixels by itself. Its small circles look like diamonds, so a disc is drawn here, each pixel by
//! how much of it is covered. For text it wants a font of the system or a parser of
//! font files; the few words of a figure are set in Noto Sans Mono instead, in one size, which a crate brings along as pixels.

use std::convert::Infallible;
use std::io::{self, Write};

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    rasterizer,
};

/// Pixels, white at first.
#[derive(Clone, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Red, green and blue, row by row.
    bytes: Vec<u8>,
}

impl Picture {
    /// A white picture.
    pub fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            bytes: vec![255; width * height * 3],
        }
    }

    /// What draws on the picture.
    pub fn canvas(&mut self) -> Canvas<'_> {
        Canvas(self)
    }

    /// Writes the picture as PNG.
    ///
    /// # Errors
    /// Those of `file`.
    pub fn write_png(&self, file: impl Write) -> io::Result<()> {
        let mut encoder = png::Encoder::new(file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        Ok(writer.finish()?)
    }

    /// Red, green and blue of a pixel; `None` outside the picture.
    pub fn pixel(&self, (x, y): BackendCoord) -> Option<[u8; 3]> {
        let start = self.offset((x, y))?;
        self.bytes[start..].first_chunk().copied()
    }

    fn offset(&self, (x, y): BackendCoord) -> Option<usize> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        (x < self.width && y < self.height).then_some((y * self.width + x) * 3)
    }

    /// Lays `colour` over what is there.
    fn blend(&mut self, point: BackendCoord, colour: BackendColor) {
        if let Some(start) = self.offset(point) {
            let (red, green, blue) = colour.rgb;
            for (byte, new) in self.bytes[start..].iter_mut().zip([red, green, blue]) {
                let old = f64::from(*byte);
                *byte = (old + (f64::from(new) - old) * colour.alpha).round() as u8;
            }
        }
    }
}

/// Draws on a [`Picture`].
#[derive(Debug)]
pub struct Canvas<'a>(&'a mut Picture);

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.0.width as u32, self.0.height as u32)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        colour: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.0.blend(point, colour);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if !fill {
            return rasterizer::draw_circle(self, (x, y), radius, style, fill);
        }
        let (colour, reach) = (style.color(), radius as i32 + 1);
        for (down, across) in (-reach..=reach).flat_map(|d| (-reach..=reach).map(move |a| (d, a))) {
            let distance = f64::from(down).hypot(f64::from(across));
            let covered = (f64::from(radius) + 0.5 - distance).clamp(0.0, 1.0);
            let alpha = colour.alpha * covered;
            self.0
                .blend((x + across, y + down), BackendColor { alpha, ..colour });
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (width, height) = self.estimate_text_size(text, style)?;
        let (width, height) = (width as i32, height as i32);
        let left = match style.anchor().h_pos {
            HPos::Left => x,
            HPos::Center => x - width / 2,
            HPos::Right => x - width,
        };
        let top = match style.anchor().v_pos {
            VPos::Top => y,
            VPos::Center => y - height / 2,
            VPos::Bottom => y - height,
        };
        let colour = style.color();
        let mut start = left;
        for glyph in glyphs(text) {
            for (down, row) in (top..).zip(glyph.raster()) {
                for (across, &ink) in (start..).zip(*row) {
                    let alpha = colour.alpha * f64::from(ink) / 255.0;
                    self.0
                        .blend((across, down), BackendColor { alpha, ..colour });
                }
            }
            start += glyph.width() as i32;
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let (widths, heights): (Vec<_>, Vec<_>) = glyphs(text)
            .map(|glyph| (glyph.width() as u32, glyph.height() as u32))
            .unzip();
        Ok((widths.iter().sum(), heights.into_iter().max().unwrap_or(0)))
    }
}

/// The letters; a question mark for what the font lacks.
fn glyphs(text: &str) -> impl Iterator<Item = RasterizedChar> {
    let glyph = |letter| get_raster(letter, FontWeight::Regular, RasterHeight::Size32);
    text.chars()
        .filter_map(move |letter| glyph(letter).or_else(|| glyph('?')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::prelude::*;
    use plotters::style::text_anchor::Pos;

    const GREY: [u8; 3] = [128; 3];

    #[test]
    fn colours_are_laid_over_what_is_there() {
        let mut picture = Picture::new(4, 3);
        let half = BackendColor {
            alpha: 0.5,
            rgb: (0, 0, 0),
        };
        for point in [(1, 2), (4, 0), (0, -1)] {
            picture
                .canvas()
                .draw_pixel(point, half)
                .expect("never fails");
        }
        assert_eq!(picture.pixel((1, 2)), Some(GREY));
        assert_eq!(picture.pixel((2, 1)), Some([255; 3]));
        assert_eq!(picture.pixel((4, 0)), None);
        assert_eq!(
            picture.bytes.iter().filter(|&&byte| byte == 255).count(),
            33
        );
    }

    #[test]
    fn a_disc_is_round() {
        let mut picture = Picture::new(21, 21);
        let mut canvas = picture.canvas();
        canvas
            .draw_circle((10, 10), 5, &BLACK.to_rgba(), true)
            .expect("never fails");
        for (point, grey) in [
            ((10, 10), 0),
            ((15, 10), 128),
            ((13, 14), 128),
            ((14, 14), 255),
        ] {
            assert_eq!(picture.pixel(point), Some([grey; 3]), "{point:?}");
        }
    }

    /// Ink is around the anchor, and the corners stay white.
    #[test]
    fn text_is_centred_at_its_anchor() {
        let mut picture = Picture::new(100, 60);
        let style = TextStyle::from(("monospace", 32)).pos(Pos::new(HPos::Center, VPos::Center));
        picture
            .canvas()
            .draw_text("mm", &style, (50, 30))
            .expect("never fails");
        let inked = |x, y| picture.pixel((x, y)).is_some_and(|[red, ..]| red < 255);
        let columns: Vec<i32> = (0..100).filter(|&x| (0..60).any(|y| inked(x, y))).collect();
        let middle = (columns[0] + columns[columns.len() - 1]) / 2;
        assert!((middle - 50).abs() <= 2, "{columns:?}");
    }

    #[test]
    fn a_png_comes_back_as_it_was() {
        let mut picture = Picture::new(5, 4);
        picture.bytes[7] = 3;
        let mut file = Vec::new();
        picture.write_png(&mut file).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; picture.bytes.len()];
        reader.next_frame(&mut bytes).unwrap();
        assert_eq!(bytes, picture.bytes);
    }
}
