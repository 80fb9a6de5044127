// One clock for all durations on a page: it ticks once a second while somebody looks.

let present = $state(Date.now());
setInterval(() => {
  if (!document.hidden) present = Date.now();
}, 1000);

export const clock = {
  get now() {
    return present;
  },
};
