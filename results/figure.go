package results

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a drawing of fixed size that can be written in several formats. Texts in it are ASCII: the
// PDF writer and the built-in font know little else, so other letters are replaced.
type Figure struct {
	Name          string // file stem
	width, height vg.Length
	paint         func(draw.Canvas)
}

// DPI is the resolution of PNG files.
const DPI = 300

// Render writes the figure as "png", "svg" or "pdf". The same figure gives the same bytes.
func (f *Figure) Render(w io.Writer, format string) (err error) {
	// The drawing library panics on what it cannot draw.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("results: drawing figure %s: %v", f.Name, p)
		}
	}()
	var canvas vg.CanvasWriterTo
	switch format {
	case "png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(DPI))}
	case "svg":
		canvas = vgsvg.New(f.width, f.height)
	case "pdf":
		canvas = vgpdf.New(f.width, f.height)
	default:
		return fmt.Errorf("results: figure %s: unknown format %q, want png, svg or pdf", f.Name, format)
	}
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	f.paint(c)
	var b bytes.Buffer
	if _, err = canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("results: drawing figure %s: %w", f.Name, err)
	}
	out := b.Bytes()
	switch format {
	case "pdf": // the library writes the time of day; of the same length, so that offsets in the file stay right
		out = pdfDate.ReplaceAll(out, []byte("Date (D:20000101000000)"))
	case "png":
		out = withDPI(out)
	case "svg":
		// Where the font is not installed, these have the same widths or, the last, nearly so.
		out = bytes.ReplaceAll(out, []byte("font-family:Liberation Sans;"),
			[]byte("font-family:Liberation Sans,Arimo,Arial,Helvetica,sans-serif;"))
	}
	_, err = w.Write(out)
	return err
}

// withDPI tells the resolution in a pHYs chunk after the header of a PNG file, which the library leaves out: programs would take the
// figure for one of 72 or 96 dots per inch.
func withDPI(file []byte) []byte {
	const header = 8 + 25 // signature, and the chunk IHDR: length, type, 13 bytes, checksum
	chunk := append([]byte("pHYs"), make([]byte, 9)...)
	perMetre := uint32(math.Round(DPI / 0.0254))
	binary.BigEndian.PutUint32(chunk[4:], perMetre)
	binary.BigEndian.PutUint32(chunk[8:], perMetre)
	chunk[12] = 1 // the unit is the metre
	out := binary.BigEndian.AppendUint32(slices.Clone(file[:header]), 9)
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, file[header:]...)
}

var pdfDate = regexp.MustCompile(`Date \(D:\d{14}\)`)

// WriteFigures renders each figure to dir/<name>.png, .svg and .pdf.
func WriteFigures(dir string, figures ...*Figure) error {
	for _, f := range figures {
		if !safeName.MatchString(f.Name) {
			return fmt.Errorf("results: figure name %q, want letters, digits, dots, dashes and underscores", f.Name)
		}
		for _, format := range []string{"png", "svg", "pdf"} {
			var b bytes.Buffer // a figure that fails half-way touches no file
			if err := f.Render(&b, format); err != nil {
				return err
			}
			path := filepath.Join(dir, f.Name+"."+format)
			if err := writeAtomic(path, func(w io.Writer) error { _, err := b.WriteTo(w); return err }); err != nil {
				return err
			}
		}
	}
	return nil
}

// textWidth is the width of figures: without scaling for the text of a page with one column; scaled down to a column of 8.5 cm
// its smallest letters are still 5.7 points high.
const textWidth = 12 * vg.Centimeter

// Font sizes in points, readable without scaling.
const (
	titleSize = 9
	labelSize = 8.5
	tickSize  = 8
)

// The palette of Okabe and Ito, which colour-blind readers can tell apart; see
// jfly.uni-koeln.de/color.
var (
	black         = color.RGBA{A: 255}
	orange        = color.RGBA{R: 230, G: 159, A: 255}
	skyBlue       = color.RGBA{R: 86, G: 180, B: 233, A: 255}
	bluishGreen   = color.RGBA{G: 158, B: 115, A: 255}
	blue          = color.RGBA{G: 114, B: 178, A: 255}
	vermillion    = color.RGBA{R: 213, G: 94, A: 255}
	reddishPurple = color.RGBA{R: 204, G: 121, B: 167, A: 255}
	gridGrey      = color.RGBA{R: 225, G: 225, B: 225, A: 255}
)

// dashes is the order in which lines of one kind take dash patterns.
var dashes = [][]vg.Length{
	{vg.Points(5), vg.Points(2)},
	{vg.Points(1.2), vg.Points(1.6)},
	{vg.Points(6), vg.Points(2), vg.Points(1.2), vg.Points(2)},
	{vg.Points(9), vg.Points(3)},
	{vg.Points(3), vg.Points(1.2)},
	{vg.Points(3), vg.Points(1.5), vg.Points(1.2), vg.Points(1.5), vg.Points(1.2), vg.Points(1.5)},
}

// pale mixes a colour with white; mixing, unlike transparency, looks the same in every format.
func pale(c color.RGBA, keep float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(255 - keep*float64(255-v) + 0.5) }
	return color.RGBA{R: mix(c.R), G: mix(c.G), B: mix(c.B), A: 255}
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

// textStyle is the style of free text of a size.
func textStyle(size float64) draw.TextStyle {
	return draw.TextStyle{Color: black, Font: sans(size), Handler: plot.DefaultTextHandler}
}

// newPlot is a plot in the house style: sans-serif, thin axes, no decoration.
func newPlot(title, xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.Title.Text = asciiText(title)
	p.Title.TextStyle.Font = sans(titleSize)
	p.Title.Padding = vg.Points(5)
	p.X.Label.Text, p.Y.Label.Text = asciiText(xLabel), asciiText(yLabel)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(labelSize)
		axis.Label.Padding = vg.Points(3)
		axis.Tick.Label.Font = sans(tickSize)
		axis.LineStyle.Width = vg.Points(0.5)
		axis.Tick.LineStyle.Width = vg.Points(0.5)
		axis.Tick.Length = vg.Points(3)
		axis.Padding = vg.Points(2)
	}
	return p
}

// plotFunc lets a function draw on a plot.
type plotFunc func(draw.Canvas, *plot.Plot)

func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

var asciiReplacer = strings.NewReplacer("−", "-", "–", "-", "—", "-", "×", "x", "±", "+/-", "Δ", "Delta ",
	"α", "alpha", "β", "beta", "γ", "gamma", "λ", "lambda", "σ", "sigma", "≤", "<=", "≥", ">=", "…", "...", "’", "'")

// asciiText replaces what figures cannot show, see [Figure].
func asciiText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return ' '
		case r > '~':
			return '?'
		}
		return r
	}, asciiReplacer.Replace(s))
}
