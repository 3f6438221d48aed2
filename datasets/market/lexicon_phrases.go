package market

// Words of seniority on both sides; years of experience stand for a level too.
var (
	levelJD = [...]words{nil, {"trainee", "intern"}, {"junior", "entry level"}, {"mid level", "experienced"}, {"senior", "seasoned"}, {"lead", "principal"}}
	levelCV = [...]words{nil, {"student", "apprentice"}, {"starting", "young"}, {"skilled", "capable"}, {"veteran", "long serving"}, {"chief", "head"}}
	// yearsOf are the first and last year of experience of a level.
	yearsOf = [...][2]int{{}, {0, 0}, {1, 2}, {3, 6}, {7, 12}, {13, 21}}
)

var modeWords = [...]words{
	OnSite: {"on site"},
	Hybrid: {"hybrid work", "two days a week at home", "part home part office", "hybrid"},
	Remote: {"fully remote", "work from home", "work from anywhere", "remote"},
}

var moveWords = [...]words{
	Stays: {"not able to move", "stays near home", "bound to the area"},
	Moves: {"happy to move", "will relocate", "free to go anywhere"},
}

var (
	climbWords = words{"ready for the next step", "wants more responsibility", "aims higher"}
	calmWords  = words{"wants a quieter job", "looking for less pressure"}
	basicWords = words{"basic", "some"}
	goodWords  = words{"expert in", "strong in"}
)

// Markers change what the rest of their clause means.
var (
	colleagueWords = words{"report to", "reports to", "works with", "work with", "sits next to", "supports"}
	beforeWords    = words{"formerly", "before that", "retrained from", "earlier jobs as"}
	learnWords     = words{"keen to learn", "now learning", "no need for", "we train you in"}
	elsewhereWords = words{"head office in", "sister site in", "studied in", "grew up in", "family in"}
)

// selfWords are how people speak about themselves. JDs never do.
var selfWords = words{"I", "my", "pay wish", "hoping for", "hopes for", "home in", "lives in", "flat in"}

// Sentences of JDs. {e} employer, {c} place, {t} level and title, {a} the same with an article, {d} task,
// {s} skills, {p} pay, {o} another occupation's title, {x} another city, {u} a skill that is not needed.
var (
	openEC = words{"{e} is looking for {a} in {c}.", "{e}, {c}, needs {a}.", "We at {e} want {a} for our {c} house.", "{A} for {e} in {c}."}
	openE  = words{"{e} is looking for {a}.", "{e} needs {a} soon.", "We at {e} want {a}."}
	openC  = words{"{A} is wanted in {c}.", "Our client in {c} needs {a}.", "New post in {c}: {t}."}
	openT  = words{"We need {a}.", "Open post: {t}.", "{A} is wanted."}

	adEC = words{"Are you {a}? Then come to {e} in {c}!", "{e} grows in {c} and you could be our new {t}!", "{c} calls! Be {a} at {e}."}
	adE  = words{"Are you {a}? Then come to {e}!", "{e} grows and you could be our new {t}!", "Be {a} at {e}!"}
	adC  = words{"Are you {a}? Then come to {c}!", "{c} calls! Be our new {t}."}
	adT  = words{"Are you {a}? Then read on!", "You could be our new {t}!"}

	taskSentences  = words{"You will {d}.", "Your task: {d}.", "The point of this job is to {d}.", "We count on you to {d}."}
	skillSentences = words{"You bring {s}.", "You know {s}.", "What counts: {s}.", "Must have: {s}.", "The work asks for {s}."}
	adSkills       = words{"If you live for {s}, write to us.", "Show us {s}.", "Good at {s}? Great!"}
	paySentences   = words{"Pay {p}.", "We pay {p}.", "Salary {p}.", "You get {p}."}
	modeSentences  = words{"{m}.", "This is {m}.", "Place of work: {m}."}
	yearSentences  = words{"At least {n} in the trade.", "{n} of practice needed.", "You have {n} behind you."}

	asideJD = words{
		"You report to our {o}.", "The post reports to the {o}.", "You work with the {o} every day.",
		"Head office in {x}.", "Sister site in {x}.", "No need for {u}.", "We train you in {u}.",
	}
)

// boilerplate is what employers of each kind say about themselves: words of every trade, and no news for the match.
var boilerplate = [...]words{
	Startup: {"We move fast and laugh a lot.", "Table football, fruit and honest talk.", "Small crew, big plans, shares for all.",
		"Dogs welcome at every desk.", "We were five people last year and are fifty now."},
	Corporate: {"A global house with a place for everyone.", "Pension, health cover and a canteen.", "We value growth, trust and results.",
		"Listed on the stock market since 1987.", "Our people come from forty countries."},
	Public: {"Secure post with a pension and fair grades.", "We welcome people of all backgrounds.", "Part time is possible.",
		"Apply with your school papers by post.", "Serving the people of the region since 1924."},
	Agency: {"Start on Monday, contract for a year with a view to stay.", "We place good people with good firms.", "Quick answer, no paper work.",
		"Our client is well known in the market.", "Temp to permanent."},
	FamilyFirm: {"Run by the third generation.", "We know each other by first name.", "Lunch is on the house.",
		"A small firm with a long breath.", "The boss still opens the door each morning."},
}

var boilerplateAny = words{
	"Send your papers today.", "Free parking behind the house.", "Thirty days of holiday.", "Good coffee, fair talk.",
	"We design our days around families.", "Our garden won a prize.", "Call us with any questions.",
	"Bring your bike, we have a repair stand.", "Start date is open.", "A clean record is a must.",
	"We sponsor the local school and its library.", "Training days twice a year.", "You get a phone and a laptop.",
	"The kitchen has a good oven and a better bread knife.", "Equal chances are our daily bread.",
}

// Sentences of CVs, with {y} years or level, {did} the task done, {b} the earlier title, the rest as in JDs.
var (
	cvOpen      = words{"I am {a}.", "{A} by trade.", "{A} with heart.", "My job: {t}.", "I work as {a}."}
	cvYears     = words{"{n} in the trade.", "I have {n} behind me.", "{n} of practice."}
	cvDid       = words{"I {did}.", "Last post: {did}.", "In my last job I {did}.", "{Did}."}
	cvSkills    = words{"I know {s}.", "Used to {s}.", "Good at {s}.", "I can offer {s}.", "Daily work: {s}."}
	cvBefore    = words{"Formerly {b}.", "Before that {b}.", "Retrained from {b}.", "Earlier jobs as {b}."}
	cvPlace     = words{"Home in {c}.", "I live in {c}.", "Based in {c}.", "Flat in {c}."}
	cvPay       = words{"I ask for {p}.", "Pay wish {p}.", "Hoping for {p}."}
	cvLearn     = words{"Keen to learn {u}.", "Now learning {u}."}
	cvElsewhere = words{"Studied in {x}.", "Grew up in {x}.", "Family in {x}."}
)

var schooling = words{
	"School leaver 2009.", "Evening diploma, 2016.", "Trade certificate with honours.", "Two terms of college.", "Bachelor degree.",
	"Master degree, second try.", "Learned on the job.", "Vocational school, top third.", "Left school at sixteen.", "State exam in 2012.",
}

// hobbies use the words of other trades on purpose.
var hobbies = words{
	"I bake bread for friends.", "Weekend football coach.", "I restore old radios.", "Plays bass in a wedding band.", "Long walks with two dogs.",
	"I collect maps of harbours.", "Chess on Sundays.", "Volunteer at the food bank.", "Grows tomatoes on the roof.", "I paint boats.",
	"Reads crime novels.", "Sings in a choir.", "Treasurer of the tennis club.", "I build model trains.", "Fixes bikes for the neighbours.",
	"Sails in summer.", "Cooks for a big family.", "I keep bees.", "Writes a small travel page.", "Plays cards for low stakes.",
	"Climbs in the lakes.", "Helps at the school fair.", "I sew my own shirts.", "Keeps a tidy garden.", "Films birds with a drone.",
	"Father of three.", "Mother of twins.", "Drives an old van to the sea.", "Teaches chess to kids.", "Marathon in four hours.",
	"Makes furniture from old doors.", "Amateur actor.", "I patch up stray cats.", "Speaks at the local history club.", "Sells honey at the market.",
	"Programs toy robots with my son.", "Trains a youth swim group.", "Repairs clocks.", "Reads tax law for fun, really.", "Runs the village quiz.",
}

var politeWords = words{
	"Reliable and calm.", "References on request.", "Free from next month.", "Non smoker.", "Fit and on time.", "Honest and quick.",
	"Can start at once.", "Loves order.", "Likes people.", "Thorough and patient.", "Asks when in doubt.", "Humour included.",
}
