// Package market is a synthetic labour market with an oracle. It draws people, vacancies and the decisions of both
// sides, writes them as short CVs and JDs, and knows the truth about them: the acceptance probability of any CV with
// any JD, also for a JD text that a model has just written, and hence the Bayes-optimal AUC.
//
// # What is drawn
//
// A [Person] has an occupation, maybe an earlier one, abilities at three levels, a seniority, a home, a pay hoped for,
// a willingness to move and an ambition. A [Job] has an occupation, required skills, a seniority, a city, a mode, a pay
// and an employer. There are 60 occupations in ten families, each with nine or ten skills of about 150, 60 invented
// employers of five kinds, and 15 invented cities in five regions. [Utility] gives the log-odds that both accept, and
// a decision is one toss of that coin. Params choose only sizes and the seed: the taste is constant.
//
// # Two languages
//
// CVs and JDs name the same thing by different words ("database queries" in a JD, "query tuning" in a CV; a city or
// one of its districts), each side borrowing some of the other's. Both come in several styles (prose, fields, one-line
// notes, lists, advertisements). They leave fields out, misspell words, tell of hobbies, neighbouring firms, colleagues,
// former occupations and skills only wished for, in words that elsewhere would count. A matcher must therefore learn
// synonyms, skip distractors, and combine fields; shared words alone carry little.
//
// # What the oracle knows
//
// [Market.Accept] and [Market.Ceiling] use the latents of both sides: what the texts omit is known to them, so no
// reader of texts reaches that ceiling. [Market.AcceptText] knows the person's latents and reads the job from text; it
// is the gold value of a generated JD. [AcceptTexts] reads both sides from text: with the true taste, but a plug-in of
// what was found instead of a mean over what was not. What cannot be parsed or contradicts itself counts as missing; a
// long list of skills, words outside the language and phrases that only CVs use (a copied CV is no JD) count against
// the text; and a text in which nothing is found has the lowest value of all.
//
// # Why these parameters
//
// They were set from the considerations below and from numbers of the market itself (share of matches, Bayes AUC, and
// the AUC of TF-IDF cosine, of logistic regression and of a two-tower model on TF-IDF), before any generator or matcher
// of this project had seen it.
// No value is an estimate from data; every one is our choice.
//
//   - Occupation. Same 1.0, neighbour 0, same family −0.9, other −3.2. Recruiters forgive a move to a neighbouring
//     trade when the rest fits, hardly ever a foreign one. The distances are wide enough that occupation matters most
//     over the whole market, and narrow enough that it does not decide among the vacancies a platform shows.
//   - Skills. From −2 at nothing covered to +2 at all covered, as large as the step from the same occupation to
//     another family. A basic ability covers 0.45, a solid one 0.85, an expert one 1: being able to start matters more
//     than mastery.
//   - Demand. Skills count 2.0, 1.0 or 0.4 by whether they are hot, plain or dated, and up to two hot skills of the
//     occupation help by 0.45 each although the JD does not ask for them. Job advertisements list skills as if they
//     counted alike; those who hire do not treat them so. This is the part of the taste that only decisions reveal.
//   - Seniority. −0.8·gap² when the job is above the person, −0.5·gap² when it is below. Families with scarce talent
//     hire people one level above their CV, families with formal grades one below, three families at par. An ambitious
//     CV counts half a level more, a calm one half a level less. Drift makes equal level words a wrong clue in seven
//     families, which a model can learn from decisions only.
//   - Pay. −1.2 at 30 % below what is hoped for, +0.6 at 15 % above, flat beyond: money beyond the hoped-for does not
//     buy a bad match. Pay outside 0.6 to 1.5 times the market's wage is not believed.
//   - Place. Same city 0.6, same region −0.1 (a commute), elsewhere −0.8 for those who would move and −2.2 for those
//     who would not; remote work 0.3 from anywhere, hybrid relieves 0.4. Only occupations that can be done remotely
//     offer it.
//   - Employers. Start-ups forgive levels and pay for hot skills, corporations weigh skills, public employers distrust
//     any change of occupation, agencies look less closely, family firms prefer neighbours. Each is a factor or a shift
//     of at most 0.6: a nuance, not a verdict.
//   - Shortages. Ten occupations with too few people add 0.5.
//   - Noise. A CV leaves out each of level, home 7 %, pay 55 %, up to two abilities, most grades, 40 to 75 % of the
//     statements about moving; 2 % of its longer words are misspelt. A JD leaves out pay 25 %, employer 12 %, level 10 %
//     (35 % at mid level); 0.2 % of its longer words are misspelt: somebody read it before it was published.
//   - Exposure. 55 % of the vacancies shown are drawn from the same occupation, 28 % from a neighbour, 9 % from the
//     family, 8 % from anywhere, the nearer of two in level and region 60 % of the time: what a job board's filters do.
//     Popularity is log-normal, so some vacancies are seen by many and some by one person only, and a vacancy is seen
//     only after it was posted: both give cold JDs. Six to ten JDs a CV at the default.
//   - Price of bad texts. A field that a JD text leaves out or contradicts costs 0.3 besides its missing value, a phrase
//     in which it speaks like a CV 1.5, a skill beyond six 0.5.
//
// # Size
//
// Markets of fewer than 400 JDs have fewer families (40 JDs each, at least two), so that each occupation keeps a choice
// of vacancies; 1,000 CVs at the default have 48 occupations. The share of matches is 0.34 to 0.43 from 200 CVs on, and
// lower below, where people see mostly vacancies of other trades.
//
// A random split of the CVs leaves few JDs unseen, since each is seen by PairsPerCV·CVs/JDs people on average. With 3,000
// CVs, half of them for training, the share of test pairs whose JD is new is 0.5 % at CVs/3 JDs, 1.4 % at CVs/2, 4.5 %
// at CVs, 12 % at 2·CVs: a study of cold vacancies should ask for more JDs, or hold JDs out, or split by time.
package market
