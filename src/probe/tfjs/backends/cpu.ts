import { makeCurrent, type Backend } from "./backend.ts";

/** Plain JavaScript, which every copy of TensorFlow.js brings. */
export const cpu: Backend = {
  choice: "cpu",
  title: "plain JavaScript",
  async setUp({ engine }) {
    await makeCurrent(engine(), "cpu");
    return "slow, but always there";
  },
};
