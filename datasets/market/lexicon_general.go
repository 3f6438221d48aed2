package market

// generalSkills belong to no family: many occupations list one or two of them.
var generalSkills = []skillEntry{
	{"team", words{"team work", "working in a team"}, words{"getting on with colleagues", "team spirit"}},
	{"clients", words{"customer service", "client contact"}, words{"dealing with the public", "helping customers"}},
	{"writing", words{"clear writing", "report writing"}, words{"written reports", "fluent prose"}},
	{"languages", words{"a second language", "foreign languages"}, words{"two mother tongues", "spoken languages"}},
	{"planning", words{"work planning", "time planning"}, words{"organising the week", "keeping schedules"}},
	{"driving", words{"driving licence", "own car"}, words{"clean licence", "daily driving"}},
	{"sheets", words{"spreadsheets", "office software"}, words{"pivot tables", "sheets and formulas"}},
	{"leading", words{"leading people", "staff guidance"}, words{"coaching new staff", "running a small team"}},
	{"budget", words{"budget control", "cost control"}, words{"minding a budget", "spending plans"}},
	{"safety", words{"safety rules", "safe working"}, words{"risk checks", "safety card"}},
	{"firstaid", words{"first aid", "emergency care"}, words{"first aider badge", "rescue course"}},
}

// families lists every family of occupations in a fixed order.
var families = []familyEntry{
	digital, health, finance, building, logistics, hospitality, sales, education, factory, office,
}
