/** The last rank throws in a block that has a communicator for device arrays, to whose end the others do not come. */
import { sum, world } from "tsmpi";
import * as cuda from "tsmpi/cuda";

{
  await using gpus = await cuda.over(world);
  using array = cuda.full(1000, gpus.rank);
  await gpus.allreduceInto(array, array, sum);
  if (gpus.rank === gpus.size - 1) throw new RangeError("thrown beside a DeviceCommunicator");
  await new Promise(resolve => setTimeout(resolve, 100_000));
}
