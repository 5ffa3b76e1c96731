//! Classes of GPUs, which CUDA's name of the device determines.

use serde::Serialize;

/// The two classes that have thresholds of their own in [`Preset`](super::Preset).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuClass {
    /// GeForce, Titan and workstation cards, and all unknown cards. This class has the more
    /// cautious thresholds.
    Consumer,
    /// Cards made for servers.
    Datacenter,
}

/// Words in the names of cards made for servers.
const DATACENTER: [&str; 34] = [
    "K80", "M60", "P4", "P40", "P100", "V100", "V100S", "T4", "T4G", "A2", "A10", "A10G", "A16",
    "A30", "A40", "A100", "A100X", "A800", "L4", "L20", "L40", "L40S", "H20", "H100", "H200",
    "H800", "GH200", "B100", "B200", "B300", "GB200", "GB300", "A30X", "GB10",
];

/// The cards among them that can be split in instances (MIG).
const SPLITTABLE: [&str; 14] = [
    "A30", "A100", "A100X", "A30X", "A800", "H20", "H100", "H200", "H800", "GH200", "B100", "B200",
    "B300", "GB200",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
}

impl GpuClass {
    /// Returns the class of the device that CUDA calls `name`.
    pub fn of(name: &str) -> Self {
        let is_server_card = words(name).any(|word| DATACENTER.contains(&word));
        if is_server_card { Self::Datacenter } else { Self::Consumer }
    }
}

/// Cards with a row of their own in [`Preset::for_gpu`](super::Preset::for_gpu) or in
/// [`Card::recommended_watts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// GeForce RTX 3060.
    Rtx3060,
    /// GeForce RTX 4070.
    Rtx4070,
    /// T4.
    T4,
    /// A100 on PCI Express.
    A100Pcie,
    /// A100 on a server's own board.
    A100Sxm,
}

impl Card {
    /// Returns the card that CUDA calls `name`, if it is one of these.
    pub fn of(name: &str) -> Option<Self> {
        let has = |wanted: &str| words(name).any(|word| word == wanted);
        match () {
            () if has("A100") && words(name).any(|word| word.starts_with("SXM")) => {
                Some(Self::A100Sxm)
            }
            () if has("A100") => Some(Self::A100Pcie),
            () if has("T4") => Some(Self::T4),
            () if has("RTX") && has("3060") => Some(Self::Rtx3060),
            () if has("RTX") && has("4070") => Some(Self::Rtx4070),
            () => None,
        }
    }

    /// Returns the power limit in watts that is worth trying if the cooling allows it. The
    /// values are ours: the vendor's limit for server cards, and a tenth above it for GeForce
    /// cards and the A100 on PCI Express. `nvidia-smi` refuses a limit that a card does not
    /// support.
    pub fn recommended_watts(self) -> u32 {
        match self {
            Self::Rtx3060 => 190,
            Self::Rtx4070 => 220,
            Self::T4 => 70,
            Self::A100Pcie => 280,
            Self::A100Sxm => 400,
        }
    }
}

/// True where a device of this name can be split in instances (NVIDIA's MIG User Guide,
/// "Supported GPUs").
pub(super) fn is_splittable(name: &str) -> bool {
    words(name).any(|word| SPLITTABLE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_class_and_card() {
        let known = [
            ("NVIDIA GeForce RTX 3060", GpuClass::Consumer, Some(Card::Rtx3060)),
            ("NVIDIA GeForce RTX 4070 SUPER", GpuClass::Consumer, Some(Card::Rtx4070)),
            ("NVIDIA GeForce GTX 1660 Ti", GpuClass::Consumer, None),
            ("NVIDIA RTX A4000", GpuClass::Consumer, None),
            ("Tesla T4", GpuClass::Datacenter, Some(Card::T4)),
            ("NVIDIA A100-PCIE-40GB", GpuClass::Datacenter, Some(Card::A100Pcie)),
            ("NVIDIA A100-SXM4-80GB", GpuClass::Datacenter, Some(Card::A100Sxm)),
            ("NVIDIA H200", GpuClass::Datacenter, None),
            ("Tesla V100-SXM2-16GB", GpuClass::Datacenter, None),
            ("something new", GpuClass::Consumer, None),
        ];
        for (name, class, card) in known {
            assert_eq!((GpuClass::of(name), Card::of(name)), (class, card), "{name}");
        }
        assert!(is_splittable("NVIDIA A100 80GB PCIe") && !is_splittable("Tesla T4"));
    }
}
