package cdn

import "fmt"

// Width sets the width of an image or video in pixels, from 1 up ("w").
func Width(pixels int) Option { return positive("w", pixels) }

// Height sets the height of an image or video in pixels, from 1 up ("h"). An HLS
// video has one variant for each height that is given.
func Height(pixels int) Option { return positive("h", pixels) }

// What [Fit] can be set to. Unless stated otherwise, both [Width] and [Height]
// are needed and the proportions of the image are kept.
const (
	FitCrop         = "crop"          // exactly the given size; what is too much is cut off, see Crop
	FitMax          = "max"           // as large as possible within the given size
	FitMin          = "min"           // as small as possible around the given size
	FitStretch      = "stretch"       // exactly the given size, out of proportion
	FitWidth        = "width"         // the given width; needs no height
	FitHeight       = "height"        // the given height; needs no width
	FitShrink       = "shrink"        // FitMax, but never larger than the original
	FitShrinkCover  = "shrink-cover"  // FitMin, but never larger than the original
	FitEnlarge      = "enlarge"       // FitMax, but never smaller than the original
	FitEnlargeCover = "enlarge-cover" // FitMin, but never smaller than the original
)

// Fit sets how an image is brought to the size of [Width] and [Height] ("fit"):
// [FitCrop] and the other constants, or a mode that the vendor adds later.
func Fit(mode string) Option { return word("fit", mode) }

// What [Crop] can be set to.
const (
	CropCenter       = "center"
	CropTop          = "top"
	CropTopLeft      = "top-left"
	CropTopRight     = "top-right"
	CropLeft         = "left"
	CropRight        = "right"
	CropBottom       = "bottom"
	CropBottomLeft   = "bottom-left"
	CropBottomRight  = "bottom-right"
	CropSmart        = "smart"         // where most people look first
	CropSmartEntropy = "smart-entropy" // where there is most detail
)

// Crop sets which part of an image [FitCrop] keeps ("crop"): [CropCenter] and the
// other constants, or a mode that the vendor adds later.
func Crop(mode string) Option { return word("crop", mode) }

// Format sets the output format ("f"): for images "webp", "avif", "jpg", "png" or
// "gif", for video "mp4-h264" or "hls-h264", for audio "aac", and others.
func Format(name string) Option { return word("f", name) }

// Quality sets the quality of the output, from 1, the lowest, to 100 ("q").
func Quality(percent int) Option { return within("q", percent, 1, 100) }

// Bitrate sets the bit rate of audio in kbit/s, from 1 up ("br").
func Bitrate(kbps int) Option { return positive("br", kbps) }

// Text begins a layer of text on an image ("text"). The options that follow, such
// as [FontSize] and [Color], style this layer, up to the next Text.
func Text(text string) Option { return word("text", text) }

// LayerOpacity sets how opaque the layer is, from 0 to 100 ("layer-opacity").
func LayerOpacity(percent int) Option { return within("layer-opacity", percent, 0, 100) }

// LayerRotate turns the layer, in degrees from -360 to 360 ("layer-rotate").
func LayerRotate(degrees int) Option { return within("layer-rotate", degrees, -360, 360) }

// Blend sets how the layer is blended with what is below, such as "overlay"
// ("blend").
func Blend(mode string) Option { return word("blend", mode) }

// Gravity sets where the layer stands, such as "bottom" ("gravity").
func Gravity(place string) Option { return word("gravity", place) }

// Padding sets the space around the layer in pixels, from 0 up ("padding").
func Padding(pixels int) Option { return within("padding", pixels, 0, maxNumber) }

// Repeat decides whether the layer is repeated all over the image ("repeat").
func Repeat(repeated bool) Option {
	opt := Param("repeat", repeated)
	opt.kind = transform
	return opt
}

// Font sets the font of the text: the path of a font file in the account
// ("font").
func Font(path string) Option { return word("font", path) }

// FontSize sets the size of the text in pixels, from 1 up ("font-size").
func FontSize(pixels int) Option { return positive("font-size", pixels) }

// FontWeight sets the weight of the text, from 1 to 1000 ("font-weight").
func FontWeight(weight int) Option { return within("font-weight", weight, 1, 1000) }

// Color sets the color of the text: hexadecimal digits, such as "ffe400"
// ("color").
func Color(hex string) Option { return word("color", hex) }

const maxNumber = 1<<31 - 1

func positive(name string, value int) Option { return within(name, value, 1, maxNumber) }

func within(name string, value, least, most int) Option {
	opt := Option{kind: transform, name: name, number: int64(value), numeric: true}
	switch {
	case value >= least && value <= most:
	case most == maxNumber:
		opt.wrong = fmt.Sprintf("%d is less than %d", value, least)
		if value > most {
			opt.wrong = fmt.Sprintf("%d is too large", value)
		}
	default:
		opt.wrong = fmt.Sprintf("%d is outside %d to %d", value, least, most)
	}
	return opt
}

func word(name, value string) Option {
	opt := Option{kind: transform, name: name, text: value}
	if value == "" {
		opt.wrong = "is empty; leave the option out"
	}
	return opt
}
