package results

import "strings"

// latexEscaper knows every sign that the project's own texts have. Square brackets are braced: one at the start of a row would be read as
// the argument of the \\ before it.
var latexEscaper = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `%`, `\%`, `#`, `\#`, `_`, `\_`,
	`~`, `\textasciitilde{}`, `^`, `\textasciicircum{}`, `<`, `\textless{}`, `>`, `\textgreater{}`,
	`|`, `\textbar{}`, `[`, `{[}`, `]`, `{]}`, "`", `\textasciigrave{}`, `"`, `''`,
	"–", `--`, "—", `---`, "…", `\dots{}`, "“", "``", "”", `''`, "‘", "`", "’", `'`,
	"\u00a0", `~`, "\u202f", `\,`, "\u2009", `\,`,
	"\u2212", `$-$`, "±", `$\pm$`, "×", `$\times$`, "·", `$\cdot$`, "√", `$\surd$`, "²", `$^2$`, "³", `$^3$`, "′", `$'$`, "°", `$^\circ$`,
	"¼", `$\frac14$`, "½", `$\frac12$`, "¾", `$\frac34$`,
	"≤", `$\leq$`, "≥", `$\geq$`, "≠", `$\neq$`, "≈", `$\approx$`, "∞", `$\infty$`, "Σ", `$\Sigma$`, "Δ", `$\Delta$`,
	"←", `$\leftarrow$`, "→", `$\rightarrow$`, "↔", `$\leftrightarrow$`, "↑", `$\uparrow$`, "↓", `$\downarrow$`,
	"α", `$\alpha$`, "β", `$\beta$`, "γ", `$\gamma$`, "δ", `$\delta$`, "ε", `$\varepsilon$`, "κ", `$\kappa$`, "λ", `$\lambda$`,
	"μ", `$\mu$`, "µ", `$\mu$`, "π", `$\pi$`, "ρ", `$\rho$`, "σ", `$\sigma$`, "τ", `$\tau$`,
	"\r\n", " ", "\n", " ", "\r", " ")

func latexText(s string) string { return latexEscaper.Replace(s) }
