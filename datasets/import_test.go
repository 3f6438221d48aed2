package datasets

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	userA = "17e1b9f107dd1214bd78dec6d91593a4"
	userB = "0c02d9411e83ae0308cdc40700385d4c"
	jobA  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	jobB  = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	jobC  = "cccccccccccccccccccccccccccccccc"

	// Invented rows in the layout of the Zhaopin tables.
	zhaopinUsers = "user_id,live_city_id,desire_jd_city_id,desire_jd_industry_id,desire_jd_type_id,desire_jd_salary_id,cur_industry_id,cur_jd_type,cur_salary_id,cur_degree_id,birthday,start_work_date,experience\n" +
		userA + `,551,"551,-,-",教育/培训/院校,"翻译,教学",100002000,教育/培训/院校,,0200104000,大专,24,2017,沟通|培训|沟通` + "\n" +
		userB + ",763,\"763,-,-\",其他,会计,0,其他,财务,0000000000,本科,33,-\n" + // ends early
		"dddddddddddddddddddddddddddddddd,763,763,-,其他,会计,其他,财务,0,0,0,本科,33,2001,x\n" + // unquoted commas: cannot be told apart
		userA + ",1,1,a,b,1,a,b,1,本科,1,1,c\n"
	zhaopinJobs = "jd_no,jd_title,company_name,city,jd_sub_type,require_nums,max_salary,min_salary,start_date,end_date,is_travel,min_years,key,min_edu_level,max_edu_level,is_mangerial,resume_language_required,job_description\n" +
		jobA + `,英语教师,` + jobB + `,551,培训,3,6000,4001,20190401,20190601,1,103,英语|教学,大专,本科,\N,\N,"教英语, 备课` + "\n" + `批改作业"` + "\n" +
		jobB + ",会计,好公司,763,财务,\\N,0,0,20190401,20190601,0,-1,\\N,大专,大专,\\N,\\N,做\"账\", 报税\n" // an unquoted comma in the text
	zhaopinActions = "user_id,jd_no,browsed,delivered,satisfied\n" +
		userA + "," + jobA + ",1,1,0\n" +
		userA + "," + jobA + ",1,1,1\n" + // decided again: a match now
		userA + "," + jobB + ",1,0,0\n" + // never delivered
		userB + "," + jobA + ",1,1,0\n" +
		userB + "," + jobB + ",1,1,\\N\n" +
		userB + "," + jobC + ",1,1,1\n" +
		"ffffffffffffffffffffffffffffffff," + jobA + ",1,1,1\n" +
		userB + "," + jobA + "\n" // ends early
)

func zhaopinFolder(t testing.TB, users, jobs, actions string) string {
	t.Helper()
	dir := t.TempDir()
	putText(t, dir+"/table1_user.csv", users)
	putText(t, dir+"/table2_jd", jobs)
	putText(t, dir+"/table3_action.txt", actions)
	return dir
}

func TestImportZhaopin(t *testing.T) {
	wantCVs := []CV{
		{userA, "期望职位：翻译、教学\n期望行业：教育/培训/院校\n期望城市：551\n期望薪资：1000-2000元/月\n目前行业：教育/培训/院校\n目前薪资：2001-4000元/月\n所在城市：551\n学历：大专\n年龄：24岁\n参加工作：2017年\n经历与技能：沟通、培训"},
		{userB, "期望职位：会计\n期望行业：其他\n期望城市：763\n目前职位：财务\n目前行业：其他\n所在城市：763\n学历：本科\n年龄：33岁"},
	}
	wantPairs := []Pair{{CVID: userA, JDID: jobA, Label: 1}, {CVID: userB, JDID: jobA}}
	wantDropped := []Drop{
		{"table1_user: malformed lines", 1},
		{"table1_user: repeats of an id", 1},
		{"table3_action: malformed lines", 1},
		{"table3_action: further decisions about a pair, joined with the first", 1},
		{"table3_action: not delivered, so no decision", 1},
		{"table3_action: delivered or satisfied is neither 0 nor 1", 1},
		{"table3_action: unknown jd_no", 1},
		{"table3_action: unknown user_id", 1},
	}
	wantJDs := func(description string) []JD {
		return []JD{
			{jobA, "职位：英语教师\n职位类别：培训\n工作城市：551\n薪资：4001-6000元/月\n工作年限：1-3年\n学历要求：大专至本科\n招聘人数：3人\n出差：需要\n关键词：英语、教学\n职位描述：教英语, 备课\n批改作业"},
			{jobB, "职位：会计\n公司：好公司\n职位类别：财务\n工作城市：763\n学历要求：大专\n职位描述：" + description},
		}
	}
	gbk := func(s string) string {
		out, err := simplifiedchinese.GBK.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	// The same tables with tabs: nothing is quoted, and the line break in a text makes a line of its own.
	tabUsers := strings.NewReplacer(`,551,"551,-,-",`, "\t551\t551,-,-\t", `,"翻译,教学",`, "\t翻译,教学\t", `,763,"763,-,-",`, "\t763\t763,-,-\t").Replace(zhaopinUsers)
	tabUsers = regexpTabs(tabUsers)
	tabJobs := strings.NewReplacer(`,"教英语, 备课`, "\t教英语，备课", `批改作业"`, "批改作业").Replace(zhaopinJobs)
	tabJobs = strings.ReplaceAll(strings.ReplaceAll(tabJobs, ", 报税", "\t报税"), ",", "\t")
	tabJobs = strings.ReplaceAll(tabJobs, "教英语，备课", "教英语, 备课")
	tabActions := strings.ReplaceAll(zhaopinActions, ",", "\t")

	tests := []struct {
		name                 string
		users, jobs, actions string
		description          string
		notes                []string
	}{
		{"commas", zhaopinUsers, zhaopinJobs, zhaopinActions, `做"账", 报税`, nil},
		{"commas, GBK", gbk(zhaopinUsers), gbk(zhaopinJobs), zhaopinActions, `做"账", 报税`,
			[]string{"table1_user: converted from GB 18030 (GBK) to UTF-8", "table2_jd: converted from GB 18030 (GBK) to UTF-8"}},
		{"tabs, CRLF, BOM", "\xef\xbb\xbf" + strings.ReplaceAll(tabUsers, "\n", "\r\n"), tabJobs, tabActions, "做\"账\"\t报税",
			[]string{"table2_jd: 1 lines were the rest of a text with line breaks and were joined to it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := zhaopinFolder(t, tt.users, tt.jobs, tt.actions)
			out := filepath.Join(dir, "out")
			s, err := ImportZhaopin(dir, out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Summary{Rows: 7, Pairs: 2, Matches: 1, CVs: 2, JDs: 2, Dropped: wantDropped, Notes: tt.notes}, s); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			ds, err := Open(context.Background(), out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&Dataset{Name: "out", CVs: wantCVs, JDs: wantJDs(tt.description), Pairs: wantPairs}, ds); diff != "" {
				t.Errorf("dataset (-want +got):\n%s", diff)
			}
		})
	}
}

// regexpTabs turns the commas between fields of zhaopinUsers into tabs, and leaves those inside.
func regexpTabs(s string) string {
	s = strings.ReplaceAll(s, ",-,-\t", "§\t")
	s = strings.ReplaceAll(s, "翻译,教学", "翻译§教学")
	s = strings.ReplaceAll(s, ",", "\t")
	s = strings.ReplaceAll(s, "翻译§教学", "翻译,教学")
	return strings.ReplaceAll(s, "§\t", ",-,-\t")
}

func TestImportZhaopinBadInput(t *testing.T) {
	tests := []struct {
		name                 string
		users, jobs, actions string
		want                 want
	}{
		{"missing column", zhaopinUsers, strings.Replace(zhaopinJobs, "jd_title", "title", 1), zhaopinActions, want{"table2_jd", "jd_title", 0, "", "missing column"}},
		{"broken UTF-8", strings.Replace(zhaopinUsers, "财务", "财\xff", 1), zhaopinJobs, zhaopinActions, want{"table1_user.csv", "", 2, "", "not UTF-8 (line 3"}},
		{"empty file", "", zhaopinJobs, zhaopinActions, want{"table1_user.csv", "", 0, "", "empty file"}},
		{"header only", strings.SplitAfter(zhaopinUsers, "\n")[0], zhaopinJobs, zhaopinActions, want{"table1_user.csv", "", 0, "", "no CV"}},
		{"no decision", zhaopinUsers, zhaopinJobs, strings.ReplaceAll(zhaopinActions, ",1,1,", ",1,0,"), want{".", "", 0, "", "no labelled pair"}},
		{"one class", zhaopinUsers, zhaopinJobs, strings.ReplaceAll(zhaopinActions, ",1,1,0", ",1,1,1"), want{".", "label", 0, "", "only one class"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := zhaopinFolder(t, tt.users, tt.jobs, tt.actions)
			_, err := ImportZhaopin(dir, dir+"/out")
			checkFault(t, err, dir, tt.want)
			if _, err := os.Stat(dir + "/out"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the output folder is there")
			}
		})
	}
	dir := zhaopinFolder(t, zhaopinUsers, zhaopinJobs, zhaopinActions)
	_ = os.Remove(dir + "/table3_action.txt")
	if _, err := ImportZhaopin(dir, dir+"/out"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "table3_action") {
		t.Errorf("missing table: got %v", err)
	}
}

func TestZhaopinCodes(t *testing.T) {
	for _, tt := range [][2]string{
		{salaryCode("400106000"), "4001-6000元/月"}, {salaryCode("0400106000"), "4001-6000元/月"}, {salaryCode("70001100000"), "70001-100000元/月"},
		{salaryCode("1000"), "0-1000元/月"}, {salaryCode("2500199999"), "25001元/月以上"}, {salaryCode("0"), ""}, {salaryCode(""), ""}, {salaryCode("unknown"), ""},
		{years("103"), "1-3年"}, {years("510"), "5-10年"}, {years("1099"), "10年以上"}, {years("5"), "5年以上"}, {years("-1"), ""}, {years(""), ""},
		{salaryRange("4001", "6000"), "4001-6000元/月"}, {salaryRange("4001", ""), "4001元/月以上"}, {salaryRange("", "x"), ""},
	} {
		if tt[0] != tt[1] {
			t.Errorf("got %q, want %q", tt[0], tt[1])
		}
	}
}

func TestImportResumeJDFit(t *testing.T) {
	const in = "resume_text,job_description_text,label\n" +
		"\" cv one\n\",\"jd \"\"one\"\"\",No Fit\n" +
		"cv one,jd two,Potential Fit\n" +
		"cv two,jd two,good  fit\n" +
		"cv two,jd two,Good Fit\n" + // repeat
		"cv two,\"jd \"\"one\"\"\",Good Fit\n" +
		"cv two,\"jd \"\"one\"\"\",No Fit\n" + // contradiction
		",jd two,No Fit\n"
	cv1, cv2 := hashID("cv_", "cv one"), hashID("cv_", "cv two")
	jd1, jd2 := hashID("jd_", `jd "one"`), hashID("jd_", "jd two")
	tests := []struct {
		name    string
		options FitOptions
		label   int // of cv one and jd two
	}{{"good and potential fits", FitOptions{}, 1}, {"only good fits", FitOptions{OnlyGood: true}, 0}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			putText(t, dir+"/in.csv", in)
			s, err := ImportResumeJDFit(dir+"/in.csv", dir+"/out", tt.options)
			if err != nil {
				t.Fatal(err)
			}
			wantSummary := Summary{Rows: 7, Pairs: 3, Matches: 1 + tt.label, CVs: 2, JDs: 2, Dropped: []Drop{
				{"empty résumé or job description", 1}, {"repeats of a pair with the same label", 1}, {"pairs with contradictory labels", 2}}}
			if diff := cmp.Diff(wantSummary, s); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			ds, err := Open(context.Background(), dir+"/out")
			if err != nil {
				t.Fatal(err)
			}
			want := &Dataset{Name: "out", CVs: []CV{{cv1, "cv one"}, {cv2, "cv two"}}, JDs: []JD{{jd1, `jd "one"`}, {jd2, "jd two"}},
				Pairs: []Pair{{CVID: cv1, JDID: jd1}, {CVID: cv1, JDID: jd2, Label: tt.label}, {CVID: cv2, JDID: jd2, Label: 1}}}
			if diff := cmp.Diff(want, ds); diff != "" {
				t.Errorf("dataset (-want +got):\n%s", diff)
			}
		})
	}
	// sha256("cv one") begins with these digits: ids must not change between versions.
	if cv1 != "cv_6e46adf38fe8" {
		t.Errorf("id %s", cv1)
	}
	dir := t.TempDir()
	putText(t, dir+"/in.csv", "resume_text,job_description_text,label\na,b,No Fit\nc,d,Perfect\n")
	_, err := ImportResumeJDFit(dir+"/in.csv", dir+"/out", FitOptions{})
	checkFault(t, err, dir, want{"in.csv", "label", 2, "", `label "Perfect": expected No Fit, Potential Fit or Good Fit`})
	if _, err := os.Stat(dir + "/out"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the output folder is there")
	}
}

func TestImportPairs(t *testing.T) {
	type row struct {
		CVID  int64     `parquet:"person"`
		JDID  int32     `parquet:"job"`
		CV    string    `parquet:"resume"`
		JD    string    `parquet:"advert"`
		Label *bool     `parquet:"hired"`
		Split string    `parquet:"fold"`
		Time  time.Time `parquet:"at,timestamp(millisecond)"`
	}
	yes, no := true, false
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	dir := t.TempDir()
	put(t, dir+"/a.parquet", []row{{1, 10, "cv a", "jd a", &yes, "train", at}, {2, 10, "cv b", "jd a", &no, "test", at}})
	putText(t, dir+"/a.csv", "person,job,resume,advert,hired,fold,at,more\n1,10,cv a,jd a,TRUE,Train,2024-05-06 07:08:09,x\n2,10,cv b,jd a,0,test,2024-05-06T07:08:09Z,\n")
	putText(t, dir+"/a.tsv", "person\tjob\tresume\tadvert\thired\tfold\tat\n1\t10\tcv a\tjd a\t1.0\ttrain\t1714979289\n2\t10\tcv b\tjd a\tfalse\ttest\t2024-05-06T09:08:09+02:00\n")
	want := &Dataset{Name: "out", CVs: []CV{{"1", "cv a"}, {"2", "cv b"}}, JDs: []JD{{"10", "jd a"}},
		Pairs: []Pair{{"1", "10", 1, Train, at}, {"2", "10", 0, Test, at}}}
	columns := PairColumns{CV: "resume", JD: "advert", Label: "hired", CVID: "person", JDID: "job", Split: "fold", Time: "at"}
	for _, in := range []string{"/a.parquet", "/a.csv", "/a.tsv"} {
		s, err := ImportPairs(dir+in, dir+in+"-out/out", columns)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(Summary{Rows: 2, Pairs: 2, Matches: 1, CVs: 2, JDs: 1}, s); diff != "" {
			t.Errorf("%s: summary (-want +got):\n%s", in, diff)
		}
		ds, err := Open(context.Background(), dir+in+"-out/out")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ds); diff != "" {
			t.Errorf("%s: dataset (-want +got):\n%s", in, diff)
		}
	}
}

func TestImportPairsBadInput(t *testing.T) {
	all := PairColumns{CV: "cv", JD: "jd", Label: "label", CVID: "id", Split: "split", Time: "time"}
	const head = "cv,jd,label,id,split,time\n"
	tests := []struct {
		name, content string
		columns       PairColumns
		want          want
	}{
		{"missing column", "cv,jd\na,b\n", PairColumns{CV: "cv", JD: "jd", Label: "y"}, want{"in.csv", "y", 0, "", "missing column; the header has cv, jd"}},
		{"label", head + "a,b,1,x,,\na,b,yes,x,,\n", all, want{"in.csv", "label", 2, "x/" + hashID("jd_", "b"), `label "yes"`}},
		{"no label", head + "a,b,,x,,\n", all, want{"in.csv", "label", 1, "x/" + hashID("jd_", "b"), `label ""`}},
		{"empty text", head + "a,,1,x,,\n", all, want{"in.csv", "jd", 1, "", "empty text"}},
		{"not UTF-8", head + "\xff,b,1,x,,\n", all, want{"in.csv", "cv", 1, "x", "not UTF-8"}},
		{"empty id", head + "a,b,1,,,\n", all, want{"in.csv", "id", 1, "", "empty id"}},
		{"id with two texts", head + "a,b,1,x,,\nA,b,0,x,,\n", all, want{"in.csv", "cv_id", 2, "x", "duplicate id with another text: the first is at row 1"}},
		{"split", head + "a,b,1,x,holdout,\n", all, want{"in.csv", "split", 1, "x/" + hashID("jd_", "b"), "unknown split"}},
		{"one pair in two splits", head + "a,b,1,x,train,\na,b,1,x,test,\n", all, want{"in.csv", "split", 2, "x/" + hashID("jd_", "b"), `in split "test" here and in split "train" at row 1`}},
		{"time", head + "a,b,1,x,,yesterday\n", all, want{"in.csv", "time", 1, "x/" + hashID("jd_", "b"), `time "yesterday"`}},
		{"one class", head + "a,b,1,x,,\n", all, want{"in.csv", "label", 0, "", "only one class"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			putText(t, dir+"/in.csv", tt.content)
			_, err := ImportPairs(dir+"/in.csv", dir+"/out", tt.columns)
			checkFault(t, err, dir, tt.want)
			if _, err := os.Stat(dir + "/out"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the output folder is there")
			}
		})
	}
	if _, err := ImportPairs("in.csv", "out", PairColumns{CV: "cv"}); err == nil || !strings.Contains(err.Error(), "no column name given for JD") {
		t.Errorf("no name for the JD: got %v", err)
	}
}

func TestSummaryString(t *testing.T) {
	s := Summary{Rows: 10, Pairs: 6, Matches: 2, CVs: 3, JDs: 4, Dropped: []Drop{{"repeats", 4}}, Notes: []string{"converted"}}
	want := "10 rows → 6 pairs (2 matched, 4 mismatched) of 3 CVs and 4 JDs\ndropped 4 rows: repeats\nnote: converted\n"
	if got := s.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
