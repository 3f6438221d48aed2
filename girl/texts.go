package girl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// EnvShowTexts allows, if true, that notebooks show CVs and JDs of other data than the synthetic market.
const EnvShowTexts = "GIRL_SHOW_TEXTS"

// NoTexts is what stands where texts may not be shown.
const NoTexts = "Texts are left out: CVs are personal data. They are shown where " + EnvShowTexts + "=true is set, or where the run was made with -page-texts."

// MayShowTexts reports whether texts of a finished run's data may be shown to whoever sees a page or a notebook: those of the synthetic
// market may; others only where the run was made with -page-texts or [EnvShowTexts] says so.
func (d *Data) MayShowTexts(runDir string) (bool, error) {
	if d.Market != nil {
		return true, nil
	}
	if asked, err := textsAskedFor(); asked || err != nil {
		return asked, err
	}
	// The page shows texts of real data only where that was asked for.
	var saved savedPage
	if err := readJSON(filepath.Join(runDir, sectionsDir, "run.json"), &saved); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return len(saved.Page.Samples) > 0, nil
}

// textsAskedFor reads the environment.
func textsAskedFor() (bool, error) {
	v := os.Getenv(EnvShowTexts)
	if v == "" {
		return false, nil
	}
	asked, err := strconv.ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("%s is %q, want true or false", EnvShowTexts, v)
	}
	return asked, nil
}
