package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
)

// Row is one number of an experiment, in long form: any table or figure can be made from rows, with
// any tool.
type Row struct {
	Experiment string // such as "rq2"
	Dataset    string
	Model      string // such as "GIRL-SFT", or "GIRL - Base" for a difference
	Predictor  string // "MLP", "Dot", or empty
	Split      string // "train", "valid", "test"
	Metric     string // such as "auc", "logloss", "auc_low"
	Seed       int64  // of the training run; Aggregate for a number over several seeds
	Value      float64
}

// Aggregate stands in [Row.Seed] for "over all seeds". Files hold an empty cell (CSV) or a null
// (Parquet, Arrow) in its place.
const Aggregate int64 = -1

// rowColumns is the header of results.csv.
var rowColumns = []string{"experiment", "dataset", "model", "predictor", "split", "metric", "seed", "value"}

// check refuses what a file could not give back, or a reader could not use.
func (r Row) check() error {
	switch {
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return fmt.Errorf("value is %g", r.Value)
	case r.Metric == "":
		return errors.New("metric is empty")
	case r.Seed < Aggregate:
		return fmt.Errorf("seed is %d, want it at least %d", r.Seed, Aggregate)
	}
	return nil
}

func checkRows(rows []Row) error {
	for i, r := range rows {
		if err := r.check(); err != nil {
			return fmt.Errorf("row %d (%s, %s, %s, %s, %s, seed %d): %w",
				i+1, r.Experiment, r.Model, r.Predictor, r.Split, r.Metric, r.Seed, err)
		}
	}
	return nil
}

// WriteCSV writes rows to path (results.csv) in the order given. Values keep full precision: reading
// the file gives the same float64 back. A NaN or infinite value is an error that names the row.
func WriteCSV(path string, rows []Row) error {
	if err := checkRows(rows); err != nil {
		return fmt.Errorf("results: %s: %w", path, err)
	}
	return writeAtomic(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(rowColumns); err != nil {
			return err
		}
		for _, r := range rows {
			seed := ""
			if r.Seed != Aggregate {
				seed = strconv.FormatInt(r.Seed, 10)
			}
			record := []string{r.Experiment, r.Dataset, r.Model, r.Predictor, r.Split, r.Metric, seed, formatFloat(r.Value)}
			if err := out.Write(record); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	})
}

// ReadCSV reads a file of [WriteCSV]. Errors name the file, the line and the column.
func ReadCSV(path string) ([]Row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	defer file.Close()
	rows, err := readCSV(file)
	if err != nil {
		return nil, fmt.Errorf("results: %s: %w", path, err)
	}
	return rows, nil
}

func readCSV(r io.Reader) ([]Row, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty, want a header")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(header, rowColumns) {
		return nil, fmt.Errorf("header is %q, want %q", header, rowColumns)
	}
	var rows []Row
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // names its line
		}
		line, _ := in.FieldPos(0)
		row := Row{
			Experiment: record[0], Dataset: record[1], Model: record[2],
			Predictor: record[3], Split: record[4], Metric: record[5], Seed: Aggregate,
		}
		if record[6] != "" {
			if row.Seed, err = strconv.ParseInt(record[6], 10, 64); err != nil || row.Seed < 0 {
				return nil, fmt.Errorf("line %d, column seed: %q is not a whole number from 0 up", line, record[6])
			}
		}
		if row.Value, err = strconv.ParseFloat(record[7], 64); err != nil {
			return nil, fmt.Errorf("line %d, column value: %q is not a number", line, record[7])
		}
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
}

// formatFloat is the shortest decimal that reads back as the same float64.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
