package ppo

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
)

// Every number that is logged has one entry with all its parts, and the glossary explains nothing that is not logged.
func TestGlossaryIsComplete(t *testing.T) {
	logged := map[string]reflect.Type{LoggedRound: reflect.TypeFor[Iteration](), LoggedEvaluation: reflect.TypeFor[Evaluation](),
		LoggedSFT: reflect.TypeFor[sft.Epoch](), LoggedReward: reflect.TypeFor[reward.Epoch](), LoggedMetrics: reflect.TypeFor[reward.Metrics]()}
	terms := map[[2]string]Term{}
	for _, term := range Glossary() {
		key := [2]string{term.Where, term.Name}
		if _, twice := terms[key]; twice {
			t.Errorf("%s: %s is explained twice", term.Where, term.Name)
		}
		if term.Formula == "" || term.Unit == "" || term.Healthy == "" {
			t.Errorf("%s: %s lacks a formula, unit or healthy range: %+v", term.Where, term.Name, term)
		}
		terms[key] = term
	}
	for where, kind := range logged {
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			switch name {
			case "-":
				continue
			case "":
				t.Errorf("%s has no name in JSON", kind.Field(i).Name)
			}
			key := [2]string{where, name}
			if _, ok := terms[key]; !ok {
				t.Errorf("%s: %s is logged and not explained", where, name)
			}
			delete(terms, key)
		}
	}
	for key := range terms {
		t.Errorf("%s: %s is explained and not logged", key[0], key[1])
	}
}

// Every limit of a warning stands in the glossary, beside its metric.
func TestGlossaryTellsOfWarnings(t *testing.T) {
	for _, g := range guards {
		found := false
		for _, term := range Glossary() {
			if term.Where == LoggedRound && term.Name == g.metric {
				found = strings.Contains(term.Healthy, "warning")
			}
		}
		if !found {
			t.Errorf("the glossary does not say that training warns of %s", g.metric)
		}
	}
}

// Every setting names its source or says that it is ours.
func TestSettingsNameTheirSource(t *testing.T) {
	source := regexp.MustCompile(`\bours\b|TL;DR|OpenRLHF|2019 port|et al\.|Kingma|Loshchilov`)
	for _, kind := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[sft.Config](), reflect.TypeFor[reward.Config]()} {
		for i := range kind.NumField() {
			f := kind.Field(i)
			if !source.MatchString(f.Tag.Get("doc")) {
				t.Errorf("%s: %s names no source: %q", kind, f.Name, f.Tag.Get("doc"))
			}
		}
	}
}
