#define ${NAME}_INPUTS   ${inputs}
#define ${NAME}_OUTPUTS  ${outputs}
@ if training then
#define ${NAME}_TARGETS  ${targets}
@ end
@ if api.step then
#define ${NAME}_STEP_INPUTS  ${step_inputs} /* of ${name}_step */
#define ${NAME}_STEP_OUTPUTS ${step_outputs}
@ end
#define ${NAME}_PARAMS   ${params}
@ if stats > 0 then
#define ${NAME}_STATS    ${stats} /* running statistics */
@ end
@ if api.train then
#define ${NAME}_BATCH    ${batch}
@ end
#define ${NAME}_BYTES    ${bytes} /* sizeof(${name}_net) */

typedef ${real} ${name}_real;

/* all that the network keeps: no pointers inside, memcpy copies it */
typedef struct ${name}_net {
	uint32_t seed_low, seed_high; /* of the random numbers */
	uint32_t step, samples; /* updates so far; samples in the gradient */
@ for _, line in ipairs(fields) do
	${line}
@ end
} ${name}_net;

#ifdef __cplusplus
extern "C" {
#endif
/* draws the weights, resets all state */
void ${name}_init(${name}_net *n, uint64_t seed);
@ if api.forward then
void ${name}_forward(${name}_net *n, const ${name}_real *x, ${name}_real *y);
void ${name}_forward_batch(${name}_net *n, const ${name}_real *x, ${name}_real *y, size_t count);
@ end
@ if api.step then
/* One step of a sequence: x is one row, y what ${name}_forward gives for that
 * row or, of layers with `last`, for the steps so far.  The state goes on from
 * call to call; it is not saved. */
void ${name}_step(${name}_net *n, const ${name}_real *x, ${name}_real *y);
/* the next step is the first of a sequence */
void ${name}_reset(${name}_net *n);
@ elseif no_step then
/* There is no ${name}_step: ${no_step}. */
@ end
@ if training then
/* inference loss of one sample */
${name}_real ${name}_loss(${name}_net *n, const ${name}_real *x, const ${name}_real *t);
/* forward and backward on one sample: adds to the gradient, returns the loss */
${name}_real ${name}_gradient(${name}_net *n, const ${name}_real *x, const ${name}_real *t);
@ if coupled then
/* the same for the samples of a mini-batch, no more than ${NAME}_BATCH: their own
 * statistics are used and go into the running ones, which ${name}_gradient and
 * inference use; returns the mean loss */
@ else
/* the same for several samples; returns the mean loss */
@ end
${name}_real ${name}_gradient_batch(${name}_net *n, const ${name}_real *x, const ${name}_real *t, size_t count);
void ${name}_zero_gradient(${name}_net *n);
@ if api.train then
/* the mean gradient goes into the weights; then it is zero again */
void ${name}_update(${name}_net *n);
/* mini-batches of ${NAME}_BATCH, gradient and update; returns the mean loss */
${name}_real ${name}_train(${name}_net *n, const ${name}_real *x, const ${name}_real *t, size_t count);
void ${name}_set_rate(${name}_net *n, ${name}_real rate);
/* the rate of the spec in this epoch; epochs count from 0 */
${name}_real ${name}_schedule(size_t epoch);
@ end
@ if api.gradient then
/* adds a sum of gradients over count samples, in canonical order */
void ${name}_add_gradient(${name}_net *n, const ${name}_real *sum, size_t count);
/* the mean of the samples so far, in canonical order */
void ${name}_get_gradient(const ${name}_net *n, ${name}_real *g);
@ end
@ if api.input_gradient then
@ if coupled then
/* of the last sample of ${name}_gradient */
@ else
/* of the last sample */
@ end
void ${name}_get_input_gradient(const ${name}_net *n, ${name}_real *gx);
@ end
@ end
@ if class then
/* the class that an output stands for */
int ${name}_class(const ${name}_real *y);
@ end
/* ${params} weights in the order of the spec, each row-major */
void ${name}_get_params(const ${name}_net *n, ${name}_real *w);
void ${name}_set_params(${name}_net *n, const ${name}_real *w);
@ if stats > 0 then
/* ${stats} running statistics in the order of the spec */
void ${name}_get_stats(const ${name}_net *n, ${name}_real *s);
void ${name}_set_stats(${name}_net *n, const ${name}_real *s);
@ end
/* the whole state as bytes: how many, or 0 where cap is too small */
size_t ${name}_save(const ${name}_net *n, void *buf, size_t cap);
/* BP_OK, or an error and *n is as before */
int ${name}_load(${name}_net *n, const void *buf, size_t len);
@ if training then
#ifdef BP_SELFCHECK
/* Differences of ${name}_gradient itself against its derivatives; returns how
 * many disagree, *worst is the largest relative error.  The accumulated
 * gradient is lost. */
int ${name}_selfcheck(${name}_net *n, const ${name}_real *x, const ${name}_real *t, ${name}_real *worst);
#endif
@ end
@ if check then
/* the mean of so many samples where they are coupled, else that of one */
${name}_real ${name}_training_loss(${name}_net *n, const ${name}_real *x, const ${name}_real *t, int samples);
/* a hash of which way every condition of the training loss went */
uint32_t ${name}_switches(${name}_net *n, const ${name}_real *x, const ${name}_real *t, int samples);
@ end
extern const bp_info ${name}_info;
@ if trained then
extern const ${name}_real ${name}_trained[${NAME}_PARAMS];
@ if stats > 0 then
/* the running statistics that go with them, for ${name}_set_stats */
extern const ${name}_real ${name}_trained_stats[${NAME}_STATS];
@ end
@ end
#ifdef __cplusplus
}
#endif
