package market

// regions holds the invented map: five regions of three cities; a city is named by its name or by one of its districts.
var regions = []regionEntry{
	{"north", 0.92, []cityEntry{
		{"Kelmouth", words{"Old Dock", "Castle Hill"}, 3},
		{"Skarholm", words{"Mill End", "North Gate"}, 2},
		{"Ardby", words{"Fair Green", "Abbey Row"}, 1},
	}},
	{"coast", 1.00, []cityEntry{
		{"Port Ellow", words{"Fish Quay", "Sailor Street"}, 3},
		{"Sandrey", words{"White Cliff", "Pier Head"}, 2},
		{"Mirport", words{"Salt Yard", "Gull Lane"}, 1},
	}},
	{"capital", 1.16, []cityEntry{
		{"Valdane", words{"King Square", "River Bank"}, 5},
		{"Hartvale", words{"West Park", "Rose Court"}, 3},
		{"Osmere", words{"Long Acre", "Bell Tower"}, 2},
	}},
	{"plain", 0.96, []cityEntry{
		{"Dellbrook", words{"Corn Market", "East Field"}, 2},
		{"Graynor", words{"Iron Bridge", "Coal Road"}, 2},
		{"Tarnsby", words{"Chapel Wood", "Low Meadow"}, 1},
	}},
	{"lakes", 0.94, []cityEntry{
		{"Wendlake", words{"Swan Shore", "Pine Ridge"}, 2},
		{"Elderlake", words{"Ferry Point", "Glass Hill"}, 1},
		{"Norbeck", words{"Stone Cross", "Copper Lane"}, 1},
	}},
}
