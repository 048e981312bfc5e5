# Indirect and total effects that lavaan computes from := definitions, at its exact optimum: raw, and
# from the standardised solution, with delta-method standard errors. Writes effects.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))

# A name t_x_y is the total effect of x on y, i_x_y the indirect one, s_x_m_y a specific path; an
# underscore separates variables.
cases <- list(
  latent = list(data = "political_democracy", model = "
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ a*ind60
    dem65 ~ c*ind60 + b*dem60
    y1 ~~ y5
    y2 ~~ y4 + y6
    i_ind60_dem65 := a*b
    t_ind60_dem65 := a*b + c"),
  mixed = list(data = "holzinger1939", model = "
    visual =~ x1 + x2 + x3
    textual =~ x4 + x5 + x6
    speed =~ x7 + x8 + x9
    visual ~ f*ageyr + g*sex
    textual ~ a*visual + c*ageyr
    speed ~ b*textual + d*visual + e*ageyr
    t_ageyr_textual := c + f*a
    i_ageyr_speed := f*d + c*b + f*a*b
    t_ageyr_speed := e + f*d + c*b + f*a*b
    s_ageyr_visual_speed := f*d
    s_ageyr_textual_speed := c*b
    s_ageyr_visual_textual_speed := f*a*b
    t_sex_speed := g*d + g*a*b
    i_visual_speed := a*b
    t_visual_speed := d + a*b"),
  equal = list(data = "holzinger1939", model = "
    x4 ~ a*x1 + c*ageyr
    x7 ~ a*x4 + b*x1
    x9 ~ b*x7
    s_x1_x4_x7 := a*a
    t_x1_x7 := b + a*a
    t_x1_x9 := b*(b + a*a)
    i_ageyr_x9 := c*a*b"),
  loop = list(data = "political_democracy", model = "
    y4 ~ b1*y8 + g1*y2
    y8 ~ b2*y4 + g2*y6
    y5 ~ h*y8
    t_y2_y4 := g1/(1 - b1*b2)
    i_y2_y4 := g1/(1 - b1*b2) - g1
    t_y2_y8 := g1*b2/(1 - b1*b2)
    t_y6_y4 := g2*b1/(1 - b1*b2)
    t_y4_y8 := b2/(1 - b1*b2)
    i_y4_y8 := b2/(1 - b1*b2) - b2
    t_y2_y5 := h*g1*b2/(1 - b1*b2)
    t_y8_y5 := h/(1 - b1*b2)")
)

result <- list(cases = list())
for (name in names(cases)) {
  case <- cases[[name]]
  data <- data_of(case$data)
  fit <- polish(sem(case$model, data), data)
  est <- parameterEstimates(fit); est <- est[est$op == ":=", ]
  std <- standardizedSolution(fit); std <- std[std$op == ":=", ]
  stopifnot(all(est$lhs == std$lhs))
  result$cases[[name]] <- list(
    data = case$data, model = case$model,
    effects = data.frame(name = est$lhs, est = est$est, se = est$se, ci_lower = est$ci.lower,
                         ci_upper = est$ci.upper, std_all = std$est.std, std_se = std$se,
                         std_ci_lower = std$ci.lower, std_ci_upper = std$ci.upper))
}
save(result, "effects.json")
