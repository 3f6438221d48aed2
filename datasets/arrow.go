package datasets

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// ToArrow copies a dataset into three Arrow records: cvs (cv_id, text), jds (jd_id, text) and pairs
// (cv_id, jd_id, label int32, split, time in microseconds UTC; the latter two null where unknown).
// Strings are large_utf8, so that more than 2 GiB of text fit. The caller releases the records.
func ToArrow(ds *Dataset) (cvs, jds, pairs arrow.Record) {
	cvs = textRecord("cv_id", len(ds.CVs), func(i int) (string, string) { return ds.CVs[i].ID, ds.CVs[i].Text })
	jds = textRecord("jd_id", len(ds.JDs), func(i int) (string, string) { return ds.JDs[i].ID, ds.JDs[i].Text })

	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "cv_id", Type: arrow.BinaryTypes.LargeString},
		{Name: "jd_id", Type: arrow.BinaryTypes.LargeString},
		{Name: "label", Type: arrow.PrimitiveTypes.Int32},
		{Name: "split", Type: arrow.BinaryTypes.LargeString, Nullable: true},
		{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true},
	}, nil))
	defer b.Release()
	b.Reserve(len(ds.Pairs))
	cvID, jdID := b.Field(0).(*array.LargeStringBuilder), b.Field(1).(*array.LargeStringBuilder)
	label, split := b.Field(2).(*array.Int32Builder), b.Field(3).(*array.LargeStringBuilder)
	when := b.Field(4).(*array.TimestampBuilder)
	for _, p := range ds.Pairs {
		cvID.Append(p.CVID)
		jdID.Append(p.JDID)
		label.Append(int32(p.Label))
		if p.Split == "" {
			split.AppendNull()
		} else {
			split.Append(string(p.Split))
		}
		if p.Time.IsZero() {
			when.AppendNull()
		} else {
			when.Append(arrow.Timestamp(p.Time.UnixMicro()))
		}
	}
	return cvs, jds, b.NewRecord()
}

// textRecord makes a record of an id and a text column.
func textRecord(idColumn string, n int, row func(int) (id, text string)) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: idColumn, Type: arrow.BinaryTypes.LargeString},
		{Name: "text", Type: arrow.BinaryTypes.LargeString},
	}, nil))
	defer b.Release()
	b.Reserve(n)
	ids, texts := b.Field(0).(*array.LargeStringBuilder), b.Field(1).(*array.LargeStringBuilder)
	for i := range n {
		id, text := row(i)
		ids.Append(id)
		texts.Append(text)
	}
	return b.NewRecord()
}

// WriteArrow writes a dataset to the folder dir as cvs.arrow, jds.arrow and pairs.arrow, Arrow IPC files
// (Feather version 2) that pandas and polars open, with the columns of ToArrow. Like Write it validates the
// dataset first and leaves all files or none.
func WriteArrow(dir string, ds *Dataset) error {
	if err := Validate(ds); err != nil {
		return err
	}
	cvs, jds, pairs := ToArrow(ds)
	defer cvs.Release()
	defer jds.Release()
	defer pairs.Release()
	return writeFiles(dir, []fileWriter{
		{cvTable + ".arrow", func(w io.WriteSeeker) error { return writeRecord(w, cvs) }},
		{jdTable + ".arrow", func(w io.WriteSeeker) error { return writeRecord(w, jds) }},
		{pairTable + ".arrow", func(w io.WriteSeeker) error { return writeRecord(w, pairs) }},
	})
}

// writeRecord writes one record as an Arrow IPC file.
func writeRecord(w io.WriteSeeker, r arrow.Record) error {
	out, err := ipc.NewFileWriter(w, ipc.WithSchema(r.Schema()))
	if err != nil {
		return err
	}
	if err := out.Write(r); err != nil {
		return fmt.Errorf("arrow: %w", err)
	}
	return out.Close()
}
