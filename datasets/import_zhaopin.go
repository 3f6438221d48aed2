package datasets

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ImportZhaopin reads the tables table1_user, table2_jd and table3_action of the Zhaopin/Tianchi 2019
// data from a folder (comma- or tab-separated, UTF-8 or GBK, ragged lines allowed) and writes a dataset to outDir.
//
// The CV of a user and the text of a job are made of their columns, one labelled line each, in
// Chinese. An action with delivered = 1 is a decision: satisfied = 1 a match, 0 a mismatch; actions
// without delivery are not used. Several decisions about one pair are one pair, a match if any was.
// Users and jobs without a decision are kept. Malformed lines and decisions whose user or job is unknown
// are dropped and counted. A missing table or column is a *DataError; then nothing is written.
func ImportZhaopin(dir, outDir string) (Summary, error) {
	im := newImporter(dir)
	if err := im.zhaopinTexts(&im.b.cvs, dir, "table1_user", []string{"user_id", "desire_jd_type_id", "experience"}, false, "user_id", userText); err != nil {
		return Summary{}, err
	}
	if err := im.zhaopinTexts(&im.b.jds, dir, "table2_jd", []string{"jd_no", "jd_title", "job_description"}, true, "jd_no", jobText); err != nil {
		return Summary{}, err
	}
	if err := im.zhaopinActions(dir); err != nil {
		return Summary{}, err
	}
	return im.finish(dir, outDir)
}

// zhaopinTexts reads the users or the jobs.
func (im *importer) zhaopinTexts(t *texts, dir, name string, required []string, freeText bool, idColumn string, text func(get func(string) string) string) error {
	table, err := readRagged(dir, name, required, freeText, true)
	if err != nil {
		return err
	}
	im.raggedNotes(table, name)
	file := im.fileOf(table.path)
	for _, r := range table.rows {
		get := func(column string) string { return table.get(r, column) }
		id, content := get(idColumn), text(get)
		switch _, known := t.index[id]; {
		case id == "" || content == "":
			im.drop(name+": no id, or no content", 1)
			continue
		case known:
			im.drop(name+": repeats of an id", 1)
			continue
		}
		if _, err := im.text(t, place{file, int32(r.line - 1)}, required[len(required)-1], id, content); err != nil {
			return err
		}
	}
	if len(t.ids) == 0 {
		return &DataError{File: table.path, Msg: "empty table: no " + t.what}
	}
	return nil
}

// zhaopinActions reads the decisions and joins those about one pair.
func (im *importer) zhaopinActions(dir string) error {
	table, err := readRagged(dir, "table3_action", []string{"user_id", "jd_no", "delivered", "satisfied"}, false, false)
	if err != nil {
		return err
	}
	im.raggedNotes(table, "table3_action")
	file := im.fileOf(table.path)
	for _, r := range table.rows {
		im.Rows++
		user, job := table.get(r, "user_id"), table.get(r, "jd_no")
		delivered, ok1 := parseLabel(table.get(r, "delivered"))
		satisfied, ok2 := parseLabel(table.get(r, "satisfied"))
		cv, known1 := im.b.cvs.index[user]
		jd, known2 := im.b.jds.index[job]
		switch {
		case ok1 && delivered == 0:
			im.drop("table3_action: not delivered, so no decision", 1)
		case !ok1 || !ok2:
			im.drop("table3_action: delivered or satisfied is neither 0 nor 1", 1)
		case !known1:
			im.drop("table3_action: unknown user_id", 1)
		case !known2:
			im.drop("table3_action: unknown jd_no", 1)
		default:
			key := pairKey{cv, jd}
			if i, ok := im.known[key]; ok {
				im.rows[i].label = max(im.rows[i].label, satisfied)
				im.drop("table3_action: further decisions about a pair, joined with the first", 1)
				continue
			}
			if err := im.pair(place{file, int32(r.line - 1)}, cv, jd, satisfied, "", time.Time{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// raggedNotes reports what was repaired in a table and what was left out.
func (im *importer) raggedNotes(t *ragged, name string) {
	im.drop(name+": malformed lines", t.malformed)
	if t.joined > 0 {
		im.Notes = append(im.Notes, fmt.Sprintf("%s: %d lines were the rest of a text with line breaks and were joined to it", name, t.joined))
	}
	if t.converted {
		im.Notes = append(im.Notes, name+": converted from GB 18030 (GBK) to UTF-8")
	}
}

// lines collects labelled lines of a text; empty values are left out.
type lines struct{ strings.Builder }

func (l *lines) add(label, value string) {
	if value == "" {
		return
	}
	if l.Len() > 0 {
		l.WriteByte('\n')
	}
	l.WriteString(label + "：" + value)
}

// userText makes a Chinese CV of a user's columns; "" when only the id is known.
func userText(get func(string) string) string {
	var l lines
	l.add("期望职位", list(get("desire_jd_type_id"), ","))
	l.add("期望行业", list(get("desire_jd_industry_id"), ","))
	l.add("期望城市", list(get("desire_jd_city_id"), ","))
	l.add("期望薪资", salaryCode(get("desire_jd_salary_id")))
	l.add("目前职位", list(get("cur_jd_type"), ","))
	l.add("目前行业", list(get("cur_industry_id"), ","))
	l.add("目前薪资", salaryCode(get("cur_salary_id")))
	l.add("所在城市", get("live_city_id"))
	l.add("学历", get("cur_degree_id"))
	l.add("年龄", suffix(get("birthday"), "岁"))
	l.add("参加工作", suffix(get("start_work_date"), "年"))
	l.add("经历与技能", list(get("experience"), "|"))
	return l.String()
}

// jobText makes a Chinese job description of a job's columns; "" when only the id is known.
func jobText(get func(string) string) string {
	var l lines
	l.add("职位", get("jd_title"))
	if c := get("company_name"); !looksLikeID(c, 32) {
		l.add("公司", c)
	}
	l.add("职位类别", list(get("jd_sub_type"), ","))
	l.add("工作城市", get("city"))
	l.add("薪资", salaryRange(get("min_salary"), get("max_salary")))
	l.add("工作年限", years(get("min_years")))
	l.add("学历要求", span(get("min_edu_level"), get("max_edu_level")))
	l.add("招聘人数", suffix(get("require_nums"), "人"))
	if get("is_travel") == "1" {
		l.add("出差", "需要")
	}
	if m := get("is_mangerial"); m == "1" || m == "是" {
		l.add("管理岗位", "是")
	}
	l.add("简历语言", get("resume_language_required"))
	l.add("关键词", list(get("key"), "|"))
	l.add("职位描述", get("job_description"))
	return l.String()
}

// list rewrites a separated list with the Chinese enumeration comma, without unknown or repeated entries.
func list(s, sep string) string {
	var out []string
	seen := map[string]bool{"": true, "-": true, `\N`: true}
	for _, e := range strings.Split(s, sep) {
		if e = strings.TrimSpace(e); !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return strings.Join(out, "、")
}

func suffix(s, unit string) string {
	if s == "" {
		return ""
	}
	return s + unit
}

// span joins two bounds; equal or missing ones are said once.
func span(low, high string) string {
	switch {
	case low == "" || low == high:
		return high
	case high == "":
		return low
	}
	return low + "至" + high
}

// salaryCode reads a user's salary code: five digits of the lower and five or six of the upper bound in
// yuan a month, leading zeros often lost (400106000 is 4001 to 6000). Codes of no amount give "".
func salaryCode(code string) string {
	if len(code) < 10 {
		code = strings.Repeat("0", 10-len(code)) + code
	}
	low, err1 := strconv.Atoi(code[:5])
	high, err2 := strconv.Atoi(code[5:])
	if err1 != nil || err2 != nil || high <= 0 || len(code) > 11 {
		return ""
	}
	return yuan(low, high)
}

// salaryRange reads a job's bounds in yuan a month; 0 and what is no number are no bound.
func salaryRange(low, high string) string {
	l, _ := strconv.Atoi(low)
	h, _ := strconv.Atoi(high)
	if l <= 0 && h <= 0 {
		return ""
	}
	return yuan(max(l, 0), h)
}

func yuan(low, high int) string {
	if high <= 0 || high == 99999 || high == 999999 { // the codes of "and more"
		return fmt.Sprintf("%d元/月以上", low)
	}
	return fmt.Sprintf("%d-%d元/月", low, high)
}

// years reads a job's experience code: 103 is one to three years, 1099 ten and more; below 100 the
// least number of years. Codes of no demand give "".
func years(code string) string {
	n, err := strconv.Atoi(code)
	switch {
	case err != nil || n <= 0:
		return ""
	case n < 100:
		return fmt.Sprintf("%d年以上", n)
	case n%100 == 99:
		return fmt.Sprintf("%d年以上", n/100)
	}
	return fmt.Sprintf("%d-%d年", n/100, n%100)
}
