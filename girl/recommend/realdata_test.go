package recommend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"genjobrec/datasets"

	"github.com/parquet-go/parquet-go"
)

// fitPairs is where the real pairs lie, beside the repository.
const fitPairs = "../../../shared/data/resume-jd-fit/pairs.parquet"

// loadFit reads the real pairs and splits them by groups of near-duplicate CVs: 65 % training, 15 % validation, 20 % test.
func loadFit(t *testing.T, seed uint64) Data {
	t.Helper()
	if _, err := os.Stat(fitPairs); err != nil {
		t.Skipf("the resume-jd-fit pairs are not at %s", fitPairs)
	}
	type row struct {
		CV    string `parquet:"resume_text"`
		JD    string `parquet:"job_description_text"`
		Label string `parquet:"label"`
	}
	rows, err := parquet.ReadFile[row](fitPairs)
	if err != nil {
		t.Fatal(err)
	}
	d := Data{CVs: map[string]string{}, JDs: map[string]string{}, Groups: map[string]int{}}
	ids := map[string]string{}
	id := func(kind, text string, texts map[string]string) string {
		if _, ok := ids[kind+text]; !ok {
			ids[kind+text] = fmt.Sprintf("%s%04d", kind, len(texts))
			texts[ids[kind+text]] = text
		}
		return ids[kind+text]
	}
	labels := map[Pair]int{}
	for _, r := range rows {
		p := Pair{CVID: id("c", r.CV, d.CVs), JDID: id("j", r.JD, d.JDs)}
		if !strings.HasPrefix(r.Label, "No") {
			labels[p] = 1
		} else if _, ok := labels[p]; !ok {
			labels[p] = 0
		}
	}
	cvs := sortedKeys(d.CVs)
	var texts []string
	for _, c := range cvs {
		texts = append(texts, d.CVs[c])
	}
	groups := datasets.NearDuplicateGroups(texts, 0.5)
	for i, c := range cvs {
		d.Groups[c] = groups[i]
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(groups)))
	rng := rand.New(rand.NewPCG(seed, 1))
	rng.Shuffle(len(distinct), func(i, j int) { distinct[i], distinct[j] = distinct[j], distinct[i] })
	place := map[int]int{}
	for i, g := range distinct {
		place[g] = i * 100 / len(distinct)
	}
	var pairs []Pair
	for p := range labels {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return strings.Compare(a.CVID+a.JDID, b.CVID+b.JDID) })
	for _, p := range pairs {
		p.Label = labels[Pair{CVID: p.CVID, JDID: p.JDID}]
		switch at := place[d.Groups[p.CVID]]; {
		case at < 65:
			d.Train = append(d.Train, p)
		case at < 80:
			d.Valid = append(d.Valid, p)
		default:
			d.Test = append(d.Test, p)
		}
	}
	return d
}

// Base is no straw man: on real CVs that it has not seen it is well ahead of every baseline. Sizes are reduced; the
// committed results come from the full ones.
func TestRealDataBase(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on real data")
	}
	d := loadFit(t, 1)
	c := DefaultConfig()
	c.Trials, c.Members, c.MaxSteps = 1, 3, 400
	r := mustRun(t, c, 1, d)
	labels := testLabels(d)
	loss := func(p []float64) float64 {
		var sum float64
		for i, x := range p {
			if labels[i] == 0 {
				x = 1 - x
			}
			sum -= math.Log(x) / float64(len(p))
		}
		return sum
	}
	bestAUC, bestLoss := 0.0, math.Inf(1)
	for _, k := range baselineKeys {
		p := scoresOf(t, r, k).Test
		bestAUC, bestLoss = max(bestAUC, auc(labels, p)), min(bestLoss, loss(p))
		t.Logf("%v: AUC %.4f, LogLoss %.4f", k, auc(labels, p), loss(p))
	}
	for _, predictor := range []string{MLPPredictor, DotPredictor} {
		p := scoresOf(t, r, Key{Base, predictor}).Test
		t.Logf("Base (%s): AUC %.4f, LogLoss %.4f", predictor, auc(labels, p), loss(p))
		if auc(labels, p) < bestAUC+0.03 || loss(p) > bestLoss-0.03 {
			t.Errorf("Base (%s): AUC %.4f and LogLoss %.4f against %.4f and %.4f of the baselines", predictor, auc(labels, p), loss(p), bestAUC, bestLoss)
		}
	}
}
