package results

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// rowRecord is a [Row] as Parquet holds it: the seed of an aggregate is null.
type rowRecord struct {
	Experiment string  `parquet:"experiment"`
	Dataset    string  `parquet:"dataset"`
	Model      string  `parquet:"model"`
	Predictor  string  `parquet:"predictor"`
	Split      string  `parquet:"split"`
	Metric     string  `parquet:"metric"`
	Seed       *int64  `parquet:"seed,optional"`
	Value      float64 `parquet:"value"`
}

// WriteParquet writes rows to path (results.parquet), the columns of results.csv with types.
func WriteParquet(path string, rows []Row) error {
	if err := checkRows(rows); err != nil {
		return fmt.Errorf("results: %s: %w", path, err)
	}
	w, err := newWriter(path, rowGroup, func(rowRecord) error { return nil })
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, r := range rows {
		record := rowRecord{r.Experiment, r.Dataset, r.Model, r.Predictor, r.Split, r.Metric, nil, r.Value}
		if r.Seed != Aggregate {
			record.Seed = &r.Seed
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	return w.Close()
}

// ReadParquet reads a file of [WriteParquet].
func ReadParquet(path string) ([]Row, error) {
	var rows []Row
	for r, err := range readRecords(path, func(rowRecord) error { return nil }) {
		if err != nil {
			return nil, err
		}
		row := Row{r.Experiment, r.Dataset, r.Model, r.Predictor, r.Split, r.Metric, Aggregate, r.Value}
		if r.Seed != nil {
			row.Seed = *r.Seed
		}
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("results: %s: row %d: %w", path, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// WriteArrow writes rows to path (results.arrow) as one record batch of an Arrow IPC file, which
// pandas and polars open without conversion.
func WriteArrow(path string, rows []Row) error {
	if err := checkRows(rows); err != nil {
		return fmt.Errorf("results: %s: %w", path, err)
	}
	fields := make([]arrow.Field, len(rowColumns))
	for i, name := range rowColumns {
		fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
	}
	fields[6] = arrow.Field{Name: "seed", Type: arrow.PrimitiveTypes.Int64, Nullable: true}
	fields[7] = arrow.Field{Name: "value", Type: arrow.PrimitiveTypes.Float64}
	schema := arrow.NewSchema(fields, nil)

	build := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	defer build.Release()
	for _, r := range rows {
		for i, text := range []string{r.Experiment, r.Dataset, r.Model, r.Predictor, r.Split, r.Metric} {
			build.Field(i).(*array.StringBuilder).Append(text)
		}
		if seeds := build.Field(6).(*array.Int64Builder); r.Seed == Aggregate {
			seeds.AppendNull()
		} else {
			seeds.Append(r.Seed)
		}
		build.Field(7).(*array.Float64Builder).Append(r.Value)
	}
	record := build.NewRecord()
	defer record.Release()
	return writeAtomic(path, func(w io.Writer) error {
		// The writer wants to know its position; a counter is enough, nothing is rewritten.
		out, err := ipc.NewFileWriter(&positionWriter{Writer: w}, ipc.WithSchema(schema))
		if err != nil {
			return err
		}
		return errors.Join(out.Write(record), out.Close())
	})
}

// positionWriter answers the one Seek that Arrow's file writer makes: where am I?
type positionWriter struct {
	io.Writer
	at int64
}

func (p *positionWriter) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	p.at += int64(n)
	return n, err
}

func (p *positionWriter) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("only the current position can be asked for")
	}
	return p.at, nil
}
