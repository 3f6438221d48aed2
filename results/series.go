package results

import (
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// fixedColors are those of models and predictors in every figure. Predictors have colours that no model has.
var fixedColors = map[string]color.RGBA{
	Base:    {R: 90, G: 90, B: 90, A: 255},
	GIRLSFT: blue,
	GIRL:    vermillion,
	MLP:     black,
	Dot:     {R: 153, G: 153, B: 51, A: 255}, // olive, of Paul Tol's muted palette: personal.sron.nl/~pault
}

// freeColors is the order in which all others take colours.
var freeColors = []color.RGBA{bluishGreen, reddishPurple, orange, skyBlue}

// shownOf is the model or predictor that a series' name tells of: "full (GIRL)" and "GIRL, training" of GIRL, "GIRL against
// GIRL-SFT" of GIRL-SFT, as all contests of a figure are GIRL's.
func shownOf(name string) string {
	if _, other, ok := strings.Cut(name, " against "); ok {
		name = other
	}
	if i := strings.LastIndex(name, "("); i >= 0 && strings.HasSuffix(name, ")") {
		name = name[i+1 : len(name)-1]
	}
	name, _, _ = strings.Cut(name, ",")
	return name
}

// lineOf is the thick line of a series.
func lineOf(name string, names []string) draw.LineStyle {
	style := draw.LineStyle{Width: vg.Points(1.6)}
	var ok bool
	if style.Color, ok = fixedColors[shownOf(name)]; ok {
		return style
	}
	free := 0
	for _, before := range names[:slices.Index(names, name)] {
		if _, ok := fixedColors[shownOf(before)]; !ok {
			free++
		}
	}
	style.Color = freeColors[free%len(freeColors)]
	if free >= len(freeColors) {
		style.Dashes = dashes[free%len(dashes)]
	}
	return style
}

// curveStyle is lineOf with a dash pattern for each series but the first: without colours, and where two series tell of one model,
// they can still be told apart.
func (in CurvesInput) curveStyle(name string, names []string) draw.LineStyle {
	style := lineOf(name, names)
	i := slices.Index(names, name)
	switch {
	case in.Solid:
		style.Dashes, style.Width = nil, vg.Points(max(0.8, 1.8-0.5*float64(i)))
	case i > 0:
		style.Dashes = dashes[(i-1)%len(dashes)]
	}
	return style
}

// seedStyle is the thin pale line of a single seed.
func seedStyle(style draw.LineStyle) draw.LineStyle {
	r, g, b, _ := style.Color.RGBA()
	c := black
	c.R, c.G, c.B = uint8(r>>8), uint8(g>>8), uint8(b>>8)
	return draw.LineStyle{Color: pale(c, 0.45), Width: vg.Points(0.7)}
}

// legend names the series where there are several, each with what is drawn of it.
func (in CurvesInput) legend(names []string, severalSeeds bool) legend {
	var l legend
	entry := func(text, name string) legendEntry {
		e := legendEntry{text: asciiText(text)}
		for _, p := range in.Panels {
			for _, s := range p.Series {
				if s.Name != name {
					continue
				}
				if slices.ContainsFunc(s.Runs, func(r Run) bool { return len(r.Steps) > 1 }) {
					e.line = in.curveStyle(name, names)
				}
				if in.marked(s.mean(in.Path)) {
					e.mark = in.curveStyle(name, names).Color
				}
			}
		}
		return e
	}
	if len(names) > 1 {
		for _, name := range names {
			l = append(l, entry(name, name))
		}
	}
	if severalSeeds {
		if len(names) == 1 {
			l = append(l, entry("mean over seeds", names[0]))
			if style := lineOf(names[0], names); in.anySeedInterval() {
				l = append(l, legendEntry{text: "its 95 % interval", line: draw.LineStyle{Color: bandColor(style.Color), Width: vg.Points(6)}})
			}
			return append(l, legendEntry{text: "single seed", line: seedStyle(lineOf(names[0], names))})
		}
		l = append(l, legendEntry{text: in.seedWords()})
	}
	return l
}
