// Polynomials that the vector kernels share. The coefficient of the highest power comes first.

#ifndef NEURON_EMBED_ENCODER_APPROXIMATIONS_H_
#define NEURON_EMBED_ENCODER_APPROXIMATIONS_H_

namespace neuron_embed::encoder {

// Phi(x) - 1/2 = x P(x^2), where Phi is the cumulative normal distribution. P is a least-squares
// fit of degree 12 in u = x^2 * 2/25 - 1 over |x| <= 5. The error of Phi is at most 3e-7.
constexpr float kGeluFit[] = {0.00058620132F, -0.00160305900F, 0.00178566168F, -0.00271144253F,
                              0.00634524133F, -0.01114073303F, 0.01643311232F, -0.02327796444F,
                              0.03143562004F, -0.04044113308F, 0.05152102187F, -0.07029634714F,
                              0.14136378467F};

// 2^x for |x| <= 1/2, with an error of at most 3e-7.
constexpr float kExp2Fit[] = {0.00132669706F, 0.00967545994F, 0.05550742522F,
                              0.24022121723F, 0.69314694405F, 1.0F};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_APPROXIMATIONS_H_
