//! The only code that calls the NVIDIA Management Library, which nvml-wrapper loads at run
//! time. It only reads, and never changes a card.

use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, ComputeMode, TemperatureSensor};
use nvml_wrapper::error::NvmlError;

use super::GpuSample;

/// NVML, initialized.
#[derive(Debug)]
pub struct NvmlCollector {
    nvml: Nvml,
}

impl NvmlCollector {
    /// Loads `libnvidia-ml.so.1`.
    ///
    /// # Errors
    /// The message of NVML if there is no library or driver.
    pub fn open() -> Result<Self, String> {
        let nvml = Nvml::init().map_err(|error: NvmlError| error.to_string())?;
        Ok(Self { nvml })
    }

    /// Returns the version of the driver, such as `550.54.15`.
    pub fn driver_version(&self) -> Option<String> {
        self.nvml.sys_driver_version().ok()
    }

    /// Samples every GPU. A GPU that cannot be reached is left out.
    pub fn sample(&self) -> Vec<GpuSample> {
        let count = self.nvml.device_count().unwrap_or(0);
        (0..count).filter_map(|ordinal| self.sample_one(ordinal)).collect()
    }

    fn sample_one(&self, ordinal: u32) -> Option<GpuSample> {
        let device = self.nvml.device_by_index(ordinal).ok()?;
        let utilization = device.utilization_rates().ok();
        let memory = device.memory_info().ok();
        let watts = |milliwatts: u32| f64::from(milliwatts) / 1e3;
        let part = |percent: u32| f64::from(percent) / 100.0;
        Some(GpuSample {
            ordinal,
            name: device.name().ok(),
            utilization: utilization.as_ref().map(|rates| part(rates.gpu)),
            memory_utilization: utilization.as_ref().map(|rates| part(rates.memory)),
            memory_used_bytes: memory.as_ref().map(|memory| memory.used),
            memory_total_bytes: memory.as_ref().map(|memory| memory.total),
            temperature_celsius: device.temperature(TemperatureSensor::Gpu).ok(),
            power_watts: device.power_usage().ok().map(watts),
            power_limit_watts: device.enforced_power_limit().ok().map(watts),
            sm_clock_mhz: device.clock_info(Clock::SM).ok(),
            sm_clock_max_mhz: device.max_clock_info(Clock::SM).ok(),
            memory_clock_mhz: device.clock_info(Clock::Memory).ok(),
            memory_clock_max_mhz: device.max_clock_info(Clock::Memory).ok(),
            throttling: device.current_throttle_reasons().ok().map(throttling),
            persistence: device.is_in_persistent_mode().ok(),
            mig: device.mig_mode().ok().map(|mode| mode.current == 1),
            exclusive_process: device
                .compute_mode()
                .ok()
                .map(|mode| mode == ComputeMode::ExclusiveProcess),
            pcie_generation_max: device.max_pcie_link_gen().ok(),
            pcie_width_max: device.max_pcie_link_width().ok(),
        })
    }
}

/// Idling, and clocks that somebody set, slow nothing down against its will.
fn throttling(reasons: ThrottleReasons) -> Vec<&'static str> {
    let thermal = ThrottleReasons::SW_THERMAL_SLOWDOWN | ThrottleReasons::HW_THERMAL_SLOWDOWN;
    let hardware = ThrottleReasons::HW_SLOWDOWN | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN;
    let kinds =
        [("power", ThrottleReasons::SW_POWER_CAP), ("thermal", thermal), ("hardware", hardware)];
    kinds.into_iter().filter(|(_, any)| reasons.intersects(*any)).map(|(kind, _)| kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_slows_down_unasked_is_throttling() {
        assert!(throttling(ThrottleReasons::GPU_IDLE).is_empty());
        let hot = ThrottleReasons::HW_THERMAL_SLOWDOWN | ThrottleReasons::HW_SLOWDOWN;
        assert_eq!(throttling(hot), ["thermal", "hardware"]);
        assert_eq!(throttling(ThrottleReasons::SW_POWER_CAP), ["power"]);
    }

    #[test]
    fn a_machine_without_the_library_says_so() {
        match NvmlCollector::open() {
            Ok(collector) => assert!(collector.driver_version().is_some()),
            Err(reason) => assert!(!reason.is_empty()),
        }
    }

    #[test]
    #[ignore = "needs a CUDA device"]
    fn a_gpu_tells_its_memory_and_temperature() {
        let samples = NvmlCollector::open().unwrap().sample();
        let gpu = samples.first().expect("a GPU");
        assert!(gpu.memory_total_bytes.unwrap() >= gpu.memory_used_bytes.unwrap());
        assert!((1..120).contains(&gpu.temperature_celsius.unwrap()));
    }
}
