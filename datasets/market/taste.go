package market

import "slices"

// The hidden taste of the market: constants that no seed changes and no text states. Units are log-odds of acceptance
// unless said otherwise. doc.go says why each is plausible.
const (
	bias = 1.3

	// Occupation of the job against that of the person.
	occupationSame    = 1.0
	occupationNear    = 0.0
	occupationFamily  = -0.9
	occupationOther   = -3.2
	occupationMissing = -3.6
	shortageBonus     = 0.5

	// Skills: skillWeight·(cover − ½), cover in [0, 1].
	skillWeight  = 4.0
	minSkills    = 3   // a shorter list is filled up with skills that nobody has
	MaxSkills    = 6   // no real JD asks for more
	excessSkill  = 0.5 // subtracted for each skill above MaxSkills
	foreignSkill = 0.5 // credit factor of a skill that the job's occupation does not use

	// Hot skills of the job's occupation that the person has at level 2 or 3, asked for or not.
	demandBonus = 0.45
	demandMax   = 2

	// Seniority: −weight·gap², gap in levels after drift and ambition, capped.
	stretchWeight    = 0.8 // the job is above the person
	overWeight       = 0.5 // the job is below the person
	gapMax           = 2.5
	ambitionShift    = 0.5 // levels
	seniorityMissing = -1.3

	// Pay: payWeight·clamp(pay/expected − 1, payLow, payHigh).
	payWeight  = 4.0
	payLow     = -0.30
	payHigh    = 0.15
	payMissing = -0.4
	// Pay outside [payFloor, payCeil] times the market's wage is not believed and counts as missing.
	payFloor, payCeil = 0.60, 1.50

	// Place.
	placeSame         = 0.6
	placeRegion       = -0.1
	placeAwayMoves    = -0.8
	placeAwayUnknown  = -1.3
	placeAwayStays    = -2.2
	placeRemote       = 0.3
	placeMissing      = -1.5
	hybridRelief      = 0.4 // hybrid work, job outside the person's city
	employerMissing   = -0.3
	corporateSkill    = 1.25 // factors on the terms above, by kind of employer
	agencySkill       = 0.80
	agencyBonus       = 0.3
	startupSeniority  = 0.6
	startupDemand     = 1.5
	publicCareerMove  = -0.6 // public employers dislike any change of occupation
	familyFirmSame    = 0.4
	familyFirmAway    = -0.6
	missingFieldPrice = 0.3 // a field that a text leaves out or contradicts, besides its own missing value
	selfPrice         = 1.5 // each phrase in which a JD text speaks like a CV
	oddWordPrice      = 3.0 // times the share of words outside the language above oddWordShare
	oddWordShare      = 0.3

	utilityMax   = 6.0  // utilities are clamped to ±utilityMax
	utilityEmpty = -8.0 // a text in which nothing is found
)

// wageOfLevel is the factor of each level on an occupation's mid-level pay; unknown counts as Mid.
var wageOfLevel = [...]float64{1, 0.55, 0.80, 1.00, 1.28, 1.60}

// creditOfLevel is how much of a required skill a level of ability covers.
var creditOfLevel = [...]float64{0, 0.45, 0.85, 1}

// familyDrift is where each family hires from, in levels: +1 means that people are taken for jobs one level above
// their CV (talent is scarce, promotion comes by changing firms), −1 one level below (formal grades, re-licensing).
var familyDrift = map[string]float64{
	"digital": 1, "sales": 1, "logistics": 1, "hospitality": 1,
	"finance": -1, "education": -1, "health": -1,
	"building": 0, "factory": 0, "office": 0,
}

// hotSkills count more than the words say, datedSkills less.
var (
	hotSkills = []string{
		"cloud", "etl", "python", "dementia", "infection", "device", "modelling", "fraud", "accsoft", "solar", "panels",
		"estimate", "tracking", "customs", "buying", "events", "menu", "rota", "seo", "crm", "accounts", "special",
		"elearning", "counsel", "plc", "robots", "lean", "project", "onboard", "legal", "languages",
	}
	datedSkills = []string{
		"java", "linux", "web", "medrec", "booking", "wash", "ledger", "debt", "payroll", "drains", "metal", "measure",
		"picking", "freight", "loading", "till", "linen", "tables", "prospect", "mail", "floor", "catalogue", "reading",
		"marking", "assembly", "moulding", "materials", "filing", "minutes", "travel", "sheets", "writing",
	}
	// shortages are occupations with too few people.
	shortages = []string{
		"nurse", "carer", "electrician", "data engineer", "driver", "cook", "primary teacher", "maintenance technician",
		"tax adviser", "plumber",
	}
)

const (
	hotDemand   = 2.0
	datedDemand = 0.4
)

func demandOf(skill string) float64 {
	switch {
	case slices.Contains(hotSkills, skill):
		return hotDemand
	case slices.Contains(datedSkills, skill):
		return datedDemand
	}
	return 1
}
